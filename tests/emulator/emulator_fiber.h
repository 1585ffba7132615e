/* emulator_fiber.h - stacks that take turns: what lets a thread of a block stop at a barrier. */
#ifndef FTDN_TESTS_EMULATOR_EMULATOR_FIBER_H
#define FTDN_TESTS_EMULATOR_EMULATOR_FIBER_H

#include <cstddef>

namespace emulator
{

/* A place where execution stands: on a stack of its own, or, all zero at first, on that of the caller. */
struct fiber {
    void *stack_pointer;
    void *stack; /* lowest address */
    size_t n_stack_bytes;
    void *fake_stack; /* of the address sanitizer */
    void (*body)(void *);
    void *argument;
};

/* A fiber that will begin with body(argument), which must never return; it lives as long as the program. */
void fiber_init(fiber *fiber, void (*body)(void *), void *argument);

/* Leave `from`, which is running, and go on where `to` stands. */
void fiber_switch(fiber *from, fiber *to);

} // namespace emulator

#endif
