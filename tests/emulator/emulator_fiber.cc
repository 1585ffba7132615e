#include "tests/emulator/emulator_fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/emulator/emulator.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

/* Where no switch is written by hand, and where a test asks for it. */
#ifndef __x86_64__
#define FTDN_EMULATOR_UCONTEXT
#endif

#ifdef FTDN_EMULATOR_UCONTEXT
#include <cstdint>
#include <new>
#include <ucontext.h>
#endif

namespace emulator
{
namespace
{

#ifdef __SANITIZE_ADDRESS__
const size_t stack_bytes = 512 << 10; /* frames are larger */
#else
const size_t stack_bytes = 128 << 10;
#endif

/* The one that switched last: where the sanitizer learns the home stack's place. */
fiber *last_left;

void start_switch(fiber *from, fiber *to)
{
    last_left = from;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->n_stack_bytes);
#else
    (void)to;
#endif
}

void finish_switch(fiber *now)
{
#ifdef __SANITIZE_ADDRESS__
    const void *stack;
    size_t n_bytes;
    __sanitizer_finish_switch_fiber(now->fake_stack, &stack, &n_bytes);
    last_left->stack = const_cast<void *>(stack);
    last_left->n_stack_bytes = n_bytes;
#else
    (void)now;
#endif
}

void begin(fiber *fiber)
{
    finish_switch(fiber);
    fiber->body(fiber->argument);
    refuse("a fiber came to its end");
}

/* An inaccessible page below each stack: running over is a fault, not damage. */
void *create_stack()
{
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    void *memory = mmap(nullptr, page + stack_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE)) refuse("no memory for the stack of a thread");
    return static_cast<char *>(memory) + page;
}

} // namespace
} // namespace emulator

#ifndef FTDN_EMULATOR_UCONTEXT

/* What a function must keep lies on the stack that is left; the other stack's is taken up again. */
extern "C" void ftdn_emulator_switch(void **from, void *to) __attribute__((visibility("hidden")));
extern "C" void ftdn_emulator_begin() __attribute__((visibility("hidden")));
extern "C" void ftdn_emulator_begin_fiber(void *fiber) __attribute__((visibility("hidden"), noreturn));

asm(R"(
    .text
    .p2align 4
    .type ftdn_emulator_switch, @function
ftdn_emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size ftdn_emulator_switch, .-ftdn_emulator_switch
    .type ftdn_emulator_begin, @function
ftdn_emulator_begin:
    movq %rbx, %rdi
    call ftdn_emulator_begin_fiber
    .size ftdn_emulator_begin, .-ftdn_emulator_begin
)");

void ftdn_emulator_begin_fiber(void *fiber)
{
    emulator::begin(static_cast<emulator::fiber *>(fiber));
    __builtin_unreachable();
}

namespace emulator
{

void fiber_init(fiber *fiber, void (*body)(void *), void *argument)
{
    *fiber = {nullptr, create_stack(), stack_bytes, nullptr, body, argument};
    void **top = reinterpret_cast<void **>(static_cast<char *>(fiber->stack) + stack_bytes);
    top -= 2; /* keeps the alignment that the call in ftdn_emulator_begin expects */
    *--top = reinterpret_cast<void *>(&ftdn_emulator_begin);
    *--top = nullptr;                             /* rbp: the end of the frames */
    *--top = fiber;                               /* rbx */
    for (int i = 0; i < 4; i++) *--top = nullptr; /* r12 ... r15 */
    fiber->stack_pointer = top;
}

void fiber_switch(fiber *from, fiber *to)
{
    start_switch(from, to);
    ftdn_emulator_switch(&from->stack_pointer, to->stack_pointer);
    finish_switch(from);
}

} // namespace emulator

#else

namespace emulator
{
namespace
{

void enter(unsigned high, unsigned low)
{
    begin(reinterpret_cast<fiber *>(uintptr_t(high) << 32 | low));
}

} // namespace

/* The context of a fiber that stands lies on its own stack: at the top before it begins, else in the frame below. */
void fiber_init(fiber *fiber, void (*body)(void *), void *argument)
{
    const size_t n_context_bytes = (sizeof(ucontext_t) + 63) / 64 * 64; /* keeps the alignment of the stack */
    char *stack = static_cast<char *>(create_stack());
    ucontext_t *context = new (stack + stack_bytes - n_context_bytes) ucontext_t();
    *fiber = {context, stack, stack_bytes, nullptr, body, argument};
    getcontext(context);
    context->uc_stack.ss_sp = stack;
    context->uc_stack.ss_size = stack_bytes - n_context_bytes;
    uintptr_t self = reinterpret_cast<uintptr_t>(fiber);
    makecontext(context, reinterpret_cast<void (*)()>(enter), 2, unsigned(self >> 32), unsigned(self));
}

void fiber_switch(fiber *from, fiber *to)
{
    ucontext_t here = {};
    from->stack_pointer = &here;
    start_switch(from, to);
    swapcontext(&here, static_cast<ucontext_t *>(to->stack_pointer));
    finish_switch(from);
}

} // namespace emulator

#endif
