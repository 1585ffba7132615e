/* Kernels: block after block, the threads of a block one at a time.
 *
 * A fiber calls the kernel for one thread after the other, so that threads that never wait cost a call each. Where a
 * thread waits, its fiber is left as it stands, and the next fiber goes on with the threads that have not begun. */
#include "tests/emulator/cuda_runtime.h"

#include <algorithm>
#include <vector>

#include "tests/emulator/emulator_fiber.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, n_bytes) ((void)(memory), (void)(n_bytes))
#define ASAN_UNPOISON_MEMORY_REGION(memory, n_bytes) ((void)(memory), (void)(n_bytes))
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulator
{
namespace
{

enum { largest_block = 1024, n_lanes = 32 };

struct place {
    uint3 index;
    unsigned linear;
};

enum class waits { no, for_warp, for_block };

struct thread {
    struct fiber fiber;
    const struct place *place;
    enum waits waits;
    uint64_t generation;  /* of the block's barrier, when it came there */
    uint64_t n_exchanges; /* with its warp */
};

struct warp {
    uint64_t n_gifts; /* of all lanes */
    uint64_t value[2][n_lanes];
};

/* The block that runs. */
struct {
    const struct kernel *kernel;
    unsigned n_threads, n_begun, n_ended;
    unsigned n_arrived; /* at the barrier that the others have not reached */
    int line, sum;      /* of that barrier */
    int last_sum;
    uint64_t generation; /* barriers that are over */
    struct warp warp[largest_block / n_lanes];
    struct place place[largest_block]; /* in the order in which threads begin */
} block;

fiber *home;
thread *current;
std::vector<std::unique_ptr<thread>> pool; /* those that wait first */
alignas(128) char shared[64 << 10];

void end_barrier_if_complete()
{
    if (!block.n_arrived || block.n_arrived + block.n_ended < block.n_threads) return;
    block.last_sum = block.sum;
    block.sum = 0;
    block.n_arrived = 0;
    block.generation++;
}

void run_threads(void *self)
{
    thread *thread = static_cast<struct thread *>(self);
    for (;;) {
        while (block.n_begun < block.n_threads) {
            thread->place = &block.place[block.n_begun++];
            thread->n_exchanges = 0;
            threadIdx = thread->place->index;
            block.kernel->call();
            block.n_ended++;
            end_barrier_if_complete();
        }
        fiber_switch(&thread->fiber, home);
    }
}

void resume(thread *thread)
{
    thread->waits = waits::no;
    current = thread;
    if (thread->place) threadIdx = thread->place->index;
    fiber_switch(home, &thread->fiber);
}

void leave(thread *thread, waits waits)
{
    thread->waits = waits;
    fiber_switch(&thread->fiber, home);
}

bool may_go_on(const thread *thread)
{
    if (thread->waits == waits::for_block) return block.generation != thread->generation;
    return block.warp[thread->place->linear / n_lanes].n_gifts >= n_lanes * thread->n_exchanges;
}

/* A fiber that waits for nothing, as number i of the pool. */
thread *take_from_pool(unsigned i)
{
    if (i == pool.size()) {
        pool.push_back(std::make_unique<thread>());
        fiber_init(&pool[i]->fiber, run_threads, pool[i].get());
    }
    pool[i]->place = nullptr;
    return pool[i].get();
}

void run_block()
{
    block.n_begun = block.n_ended = block.n_arrived = 0;
    block.generation = 0;
    block.sum = 0;
    for (unsigned w = 0; w * n_lanes < block.n_threads; w++) block.warp[w].n_gifts = 0;
    std::fill_n(shared, block.kernel->n_shared_bytes, static_cast<char>(0xff));
    unsigned n_waiting = 0;
    while (block.n_begun < block.n_threads) {
        thread *thread = take_from_pool(n_waiting);
        resume(thread);
        n_waiting += thread->waits != waits::no;
    }
    while (block.n_ended < block.n_threads) {
        bool goes_on = false;
        unsigned n_left = 0;
        for (unsigned i = 0; i < n_waiting; i++) {
            thread *thread = pool[i].get();
            if (may_go_on(thread)) {
                goes_on = true;
                resume(thread);
            }
            if (thread->waits != waits::no) std::swap(pool[n_left++], pool[i]);
        }
        n_waiting = n_left;
        if (!goes_on) refuse("%s: %u threads of a block wait for ever", block.kernel->name, n_waiting);
    }
}

/* Number i of n in the order that is asked for: a bijection, other in each launch where shuffled. */
uint64_t reorder(uint64_t i, uint64_t n, order order, uint64_t salt)
{
    const uint64_t step = n % 1000003 ? 1000003 : 998244353; /* primes */
    if (order == order::reverse) return n - 1 - i;
    return order == order::shuffle ? (i * step + salt) % n : i;
}

bool fits(const kernel &kernel, const void *function)
{
    const dim3 &blocks = kernel.blocks, &threads = kernel.threads;
    if (!blocks.x || !blocks.y || !blocks.z || !threads.x || !threads.y || !threads.z) return false;
    if (blocks.x > 2147483647u || blocks.y > 65535 || blocks.z > 65535) return false;
    if (threads.x > largest_block || threads.y > largest_block || threads.z > 64) return false;
    if (uint64_t(threads.x) * threads.y * threads.z > largest_block) return false;
    return kernel.n_shared_bytes <= largest_dynamic_shared(function);
}

} // namespace

void kernel::run() const
{
    static uint64_t n_launches;
    const order order = current_order();
    const uint64_t salt = ++n_launches * 7919;
    const uint64_t n_blocks = uint64_t(blocks.x) * blocks.y * blocks.z;
    fiber here = {};
    home = &here;
    block.kernel = this;
    blockDim = threads;
    gridDim = blocks;
    block.n_threads = threads.x * threads.y * threads.z;
    for (unsigned i = 0; i < block.n_threads; i++) {
        unsigned at = unsigned(reorder(i, block.n_threads, order, salt));
        block.place[i] = {{at % threads.x, at / threads.x % threads.y, at / threads.x / threads.y}, at};
    }
    ASAN_UNPOISON_MEMORY_REGION(shared, sizeof shared);
    ASAN_POISON_MEMORY_REGION(shared + n_shared_bytes, sizeof shared - n_shared_bytes);
    for (uint64_t i = 0; i < n_blocks; i++) {
        uint64_t at = reorder(i, n_blocks, order, salt);
        blockIdx = {unsigned(at % blocks.x), unsigned(at / blocks.x % blocks.y), unsigned(at / blocks.x / blocks.y)};
        run_block();
    }
}

void launch(std::shared_ptr<kernel> kernel, const void *function, cudaStream_t stream)
{
    emulator::call call;
    if (call.error) return;
    if (!fits(*kernel, function)) answer(cudaErrorInvalidConfiguration);
    else {
        kernel->is_launch = true;
        enqueue(stream, std::move(kernel));
    }
}

int meet_block(int line, int value)
{
    thread *self = current;
    if (block.n_arrived++ == 0) block.line = line;
    if (block.line != line) refuse("%s: threads wait at lines %d and %d", block.kernel->name, block.line, line);
    block.sum += value;
    self->generation = block.generation;
    end_barrier_if_complete();
    if (block.generation == self->generation) leave(self, waits::for_block);
    return block.last_sum;
}

/* Two sets of values take turns: nobody gives to a set before all have read what it held. */
const uint64_t *exchange(unsigned mask, uint64_t value)
{
    thread *self = current;
    unsigned linear = self->place->linear, first = linear / n_lanes * n_lanes;
    if (mask != 0xffffffffu || first + n_lanes > block.n_threads)
        refuse("%s: a warp function of some lanes only", block.kernel->name);
    struct warp *warp = &block.warp[linear / n_lanes];
    uint64_t *values = warp->value[self->n_exchanges % 2];
    values[linear % n_lanes] = value;
    self->n_exchanges++;
    warp->n_gifts++;
    if (warp->n_gifts < n_lanes * self->n_exchanges) leave(self, waits::for_warp);
    return values;
}

unsigned lane()
{
    return current->place->linear % n_lanes;
}

void *shared_memory()
{
    return shared;
}

} // namespace emulator
