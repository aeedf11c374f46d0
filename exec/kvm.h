/*
 * Whether virtual machines can be fast here. /dev/kvm alone proves nothing: where a hypervisor only
 * emulates it, kernels crash in it. So the processor has to know virtualization, and the smallest
 * guest there is has to answer. It must never start anything that outlives the question.
 */
#ifndef BERTH_EXEC_KVM_H
#define BERTH_EXEC_KVM_H

#include <stdbool.h>
#include <stddef.h>

/* True where KVM is usable; else `why` says what is missing. Takes at most a second. */
bool kvm_answers(char *why, size_t size);

#endif
