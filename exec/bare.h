/*
 * The kernel without a C library, for the two programs that are in every container: berth-work and
 * berth-init. Each may include it once. It must never grow into a library.
 */
#ifndef BERTH_EXEC_BARE_H
#define BERTH_EXEC_BARE_H

#include <stddef.h>
#include <sys/syscall.h>

static inline long bare_call(long number, long a, long b, long c, long d, long e, long f)
{
#if defined __x86_64__
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined __aarch64__
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
#error "berth knows amd64 and arm64"
#endif
}

/* Negative results are -errno. */
static inline long bare_call3(long number, long a, long b, long c)
{
    return bare_call(number, a, b, c, 0, 0, 0);
}

static inline _Noreturn void bare_exit(long code)
{
    for (;;) {
        bare_call3(SYS_exit_group, code, 0, 0);
    }
}

/* The compiler may ask for these two even where nobody calls them. */
void *memset(void *to, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);

void *memset(void *to, int byte, size_t n)
{
    volatile unsigned char *at = to;

    while (n-- > 0) {
        *at++ = (unsigned char)byte;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    volatile unsigned char *at = to;
    const unsigned char *source = from;

    while (n-- > 0) {
        *at++ = *source++;
    }
    return to;
}

/* The program: the kernel leaves argc and argv on the stack. */
static _Noreturn void bare_main(int argc, char **argv);
void bare_start(long *stack);

__attribute__((used)) void bare_start(long *stack)
{
    bare_main((int)stack[0], (char **)(stack + 1));
}

#if defined __x86_64__
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n"
        " call bare_start\n");
#else
__asm__(".globl _start\n_start: mov x29, #0\n mov x0, sp\n bl bare_start\n");
#endif

#endif
