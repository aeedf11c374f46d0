/*
 * The smallest guest: one page with one instruction, HLT, in a child process with an alarm.
 */
#include "exec/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __x86_64__
#include <linux/kvm.h>
#include <sys/mman.h>

enum { PAGE = 4096, HLT = 0xf4 };

static bool processor_virtualizes(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[8192];
    bool found = false;

    while (file && !found && fgets(line, sizeof line, file)) {
        found = strncmp(line, "flags", 5) == 0 && (strstr(line, " svm") || strstr(line, " vmx"));
    }
    if (file) {
        fclose(file);
    }
    return found;
}

static int make_guest(int kvm, struct kvm_run **run)
{
    int vm = ioctl(kvm, KVM_CREATE_VM, 0L);
    int vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0L);
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0L);
    unsigned char *page =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {.memory_size = PAGE};
    struct kvm_regs registers = {.rflags = 2};
    struct kvm_sregs segments;

    if (vcpu < 0 || size <= 0 || page == MAP_FAILED) {
        return -1;
    }
    region.userspace_addr = (unsigned long)page;
    page[0] = HLT;
    *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (*run == MAP_FAILED || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) != 0 ||
        ioctl(vcpu, KVM_GET_SREGS, &segments) != 0) {
        return -1;
    }
    segments.cs.base = 0;
    segments.cs.selector = 0;
    return ioctl(vcpu, KVM_SET_SREGS, &segments) != 0 || ioctl(vcpu, KVM_SET_REGS, &registers) != 0
               ? -1
               : vcpu;
}

static _Noreturn void run_guest(int kvm)
{
    struct kvm_run *run;
    int vcpu = make_guest(kvm, &run);

    alarm(1);
    if (vcpu < 0 || ioctl(vcpu, KVM_RUN, 0L) != 0) {
        _exit(1);
    }
    _exit(run->exit_reason == KVM_EXIT_HLT ? 0 : 1);
}

bool kvm_answers(char *why, size_t size)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), status = -1;
    pid_t pid;

    if (kvm < 0) {
        snprintf(why, size, "/dev/kvm: %s", strerror(errno));
        return false;
    }
    if (!processor_virtualizes()) {
        snprintf(why, size, "/dev/kvm is there, but the processor has neither svm nor vmx");
        close(kvm);
        return false;
    }
    pid = fork();
    if (pid == 0) {
        run_guest(kvm);
    }
    close(kvm);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        snprintf(why, size, "/dev/kvm is there, but a guest of one instruction did not answer");
        return false;
    }
    return true;
}

#else

bool kvm_answers(char *why, size_t size)
{
    snprintf(why, size, "berth's virtual machines are for amd64 only");
    return false;
}

#endif
