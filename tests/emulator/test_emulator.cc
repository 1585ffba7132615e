/* The emulator: what CUDA promises holds, and what CUDA forbids is seen. */
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern "C" {
#include <cmocka.h>
}

#include "engine/cuda/launch.h"

#define assert_cuda(call) assert_int_equal((call), cudaSuccess)

namespace
{

cudaStream_t make_stream()
{
    cudaStream_t stream;
    assert_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

template <typename T> T *make_array(size_t n)
{
    T *array;
    assert_cuda(cudaMalloc(&array, n * sizeof *array));
    return array;
}

template <typename T> std::vector<T> download(const T *array, size_t n)
{
    std::vector<T> values(n);
    assert_cuda(cudaDeviceSynchronize());
    assert_cuda(cudaMemcpy(values.data(), array, n * sizeof *array, cudaMemcpyDeviceToHost));
    return values;
}

/* Run it under each order of the emulator. */
const char *const orders[] = {"", "reverse", "shuffle", "lazy"};
void in_every_order(const std::function<void(const char *)> &run)
{
    for (const char *order : orders) {
        setenv("FTDN_EMULATOR_ORDER", order, 1);
        run(order);
    }
    unsetenv("FTDN_EMULATOR_ORDER");
}

/* A child process that has not touched the device yet runs the body; answers its end and what it printed. */
int run_in_child(const std::function<void()> &body, std::string *printed)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL); /* cmocka catches it */
        body();
        _exit(0);
    }
    close(ends[1]);
    char text[4096];
    for (ssize_t n; (n = read(ends[0], text, sizeof text)) > 0;) printed->append(text, size_t(n));
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

void expect_end(const char *words, const std::function<void()> &body)
{
    std::string printed;
    int status = run_in_child(body, &printed);
    bool ended = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
    if (!ended || printed.find(words) == std::string::npos)
        fail_msg("status %d, '%s' lacks '%s'", status, printed.c_str(), words);
}

__global__ void write_at(int *array, int n, int at)
{
    if (threadIdx.x < unsigned(n)) array[at] = 1;
}

__global__ void wait_at_two_lines(int *array)
{
    if (threadIdx.x == 0) __syncthreads();
    else {
        array[0] = 1;
        __syncthreads();
    }
}

__global__ void shuffle_half_a_warp(int *array)
{
    array[threadIdx.x] = __shfl_sync(0xffffu, int(threadIdx.x), 0);
}

__global__ void wait_for_an_ended_lane(int *array)
{
    if (threadIdx.x != 7) array[threadIdx.x] = __shfl_sync(0xffffffffu, int(threadIdx.x), 0);
}

#ifndef __SANITIZE_ADDRESS__
struct hidden_pointer {
    int n;
    int *array;
};

__global__ void write_through(hidden_pointer to)
{
    to.array[threadIdx.x] = to.n;
}

/* Memory of the host at a place that structures are searched for: not close behind a multiple of 4 GiB, where one
 * address in 64 lies. */
int *make_searched_host_array()
{
    const size_t not_searched = 64 << 20;
    void *memory =
        mmap(nullptr, 2 * not_searched, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(memory != MAP_FAILED);
    char *at = static_cast<char *>(memory);
    if (uint32_t(uintptr_t(at)) < not_searched) at += not_searched;
    return reinterpret_cast<int *>(at);
}
#endif

/* First of all tests: the children must be the first to touch a device. */
void misuse_ends_the_program(void **)
{
#ifdef __SANITIZE_ADDRESS__
    const char *behind = "use-after-poison";
#else
    const char *behind = "allocation 1 of 40 bytes was written behind it, at byte 0 there";
#endif
    expect_end(behind, [] {
        int *array = make_array<int>(10);
        FTDN_LAUNCH(write_at, 1, 1, 0, nullptr, array, 1, 10);
        cudaFree(array);
    });
    expect_end("threads wait at lines", [] { FTDN_LAUNCH(wait_at_two_lines, 1, 32, 0, nullptr, make_array<int>(1)); });
    expect_end("shuffle_half_a_warp: a warp function of some lanes only",
               [] { FTDN_LAUNCH(shuffle_half_a_warp, 1, 32, 0, nullptr, make_array<int>(32)); });
    expect_end("31 threads of a block wait for ever",
               [] { FTDN_LAUNCH(wait_for_an_ended_lane, 1, 32, 0, nullptr, make_array<int>(32)); });
    expect_end("write_at is given", [] {
        int on_host = 0;
        FTDN_LAUNCH(write_at, 1, 1, 0, nullptr, &on_host, 1, 0);
    });
#ifndef __SANITIZE_ADDRESS__
    expect_end("write_through is given", [] {
        FTDN_LAUNCH(write_through, 1, 1, 0, nullptr, hidden_pointer{1, make_searched_host_array()});
    });
#endif
    expect_end("cudaFree frees", [] {
        int *array = make_array<int>(1);
        cudaFree(array);
        cudaFree(array);
    });
}

void a_lost_device_answers_every_call_with_its_error(void **)
{
    std::string printed;
    int status = run_in_child(
        [] {
            int *array = make_array<int>(1), value;
            setenv("FTDN_EMULATOR_FAIL_LAUNCH", "3", 1);
            for (int i = 0; i < 2; i++) FTDN_LAUNCH(write_at, 1, 1, 0, nullptr, array, 1, 0);
            if (cudaGetLastError() != cudaSuccess) _exit(1);
            FTDN_LAUNCH(write_at, 1, 1, 0, nullptr, array, 1, 0);
            unsetenv("FTDN_EMULATOR_FAIL_LAUNCH");
            bool lost = cudaDeviceSynchronize() == cudaErrorIllegalAddress &&
                        cudaMemcpy(&value, array, sizeof value, cudaMemcpyDeviceToHost) == cudaErrorIllegalAddress &&
                        cudaMalloc(&array, 1) == cudaErrorIllegalAddress &&
                        cudaGetLastError() == cudaErrorIllegalAddress && cudaGetLastError() == cudaErrorIllegalAddress;
            _exit(lost ? 0 : 2);
        },
        &printed);
    assert_int_equal(status, 0);
}

void a_fork_of_a_user_has_no_device(void **)
{
    std::string printed;
    int n_devices;
    setenv("FTDN_EMULATOR_DEVICES", "0", 1);
    assert_int_equal(cudaGetDeviceCount(&n_devices), cudaErrorNoDevice);
    setenv("FTDN_EMULATOR_DEVICES", "3", 1);
    assert_cuda(cudaGetDeviceCount(&n_devices));
    assert_int_equal(n_devices, 3);
    assert_cuda(cudaSetDevice(2));
    assert_int_equal(cudaSetDevice(3), cudaErrorInvalidDevice);
    assert_int_equal(cudaGetLastError(), cudaErrorInvalidDevice);
    assert_cuda(cudaGetLastError());
    setenv("FTDN_EMULATOR_DEVICES", "1+2", 1);
    assert_cuda(cudaGetDeviceCount(&n_devices));
    assert_int_equal(n_devices, 3);
    cudaDeviceProp first, second;
    assert_cuda(cudaGetDeviceProperties(&first, 0));
    assert_cuda(cudaGetDeviceProperties(&second, 1));
    assert_int_not_equal(first.multiProcessorCount, second.multiProcessorCount);
    unsetenv("FTDN_EMULATOR_DEVICES");
    int status = run_in_child([] { _exit(cudaSetDevice(0) == cudaErrorInitializationError ? 0 : 1); }, &printed);
    assert_int_equal(status, 0);
}

/* Every thread waits several times, some end before the others, and shared memory carries values across. */
__global__ void reverse_in_shared_memory(const int *from, int *to, int n_active)
{
    FTDN_SHARED(int, values);
    __shared__ int sum;
    if (int(threadIdx.x) >= n_active) return;
    if (threadIdx.x == 0) sum = 0;
    values[threadIdx.x] = from[blockIdx.x * n_active + threadIdx.x];
    __syncthreads();
    int mirrored = values[n_active - 1 - threadIdx.x];
    __syncthreads();
    values[threadIdx.x] = mirrored;
    atomicAdd(&sum, mirrored);
    __syncthreads();
    to[blockIdx.x * n_active + threadIdx.x] = values[threadIdx.x] + 1000 * sum + __syncthreads_count(mirrored > 3);
}

void threads_meet_at_barriers(void **)
{
    in_every_order([](const char *) {
        const int n_blocks = 7, n_active = 45;
        int *from = make_array<int>(n_blocks * n_active), *to = make_array<int>(n_blocks * n_active);
        std::vector<int> values;
        for (int i = 0; i < n_blocks * n_active; i++) values.push_back(i % 11);
        assert_cuda(cudaMemcpy(from, values.data(), values.size() * sizeof(int), cudaMemcpyHostToDevice));
        assert_cuda(cudaDeviceSynchronize());
        FTDN_LAUNCH(reverse_in_shared_memory, n_blocks, 64, n_active * sizeof(int), nullptr, from, to, n_active);
        std::vector<int> found = download(to, values.size());
        for (int b = 0; b < n_blocks; b++) {
            int sum = 0, n_large = 0;
            for (int i = 0; i < n_active; i++) sum += values[b * n_active + i];
            for (int i = 0; i < n_active; i++) n_large += values[b * n_active + i] > 3;
            for (int i = 0; i < n_active; i++)
                assert_int_equal(found[b * n_active + i], values[(b + 1) * n_active - 1 - i] + 1000 * sum + n_large);
        }
        cudaFree(from);
        cudaFree(to);
    });
}

__global__ void use_warps(double *sums, unsigned *ballots, int *neighbours)
{
    unsigned at = threadIdx.y * blockDim.x + threadIdx.x;
    double sum = at;
    for (int step = 16; step; step /= 2) sum += __shfl_down_sync(0xffffffffu, sum, step);
    int above = __shfl_up_sync(0xffffffffu, int(at), 1), quarter = __shfl_xor_sync(0xffffffffu, int(at), 3, 8);
    if (at % 32 == 0) sums[at / 32] = sum;
    ballots[at] = __ballot_sync(0xffffffffu, at % 3 == 0);
    neighbours[at] = above * 1000 + quarter;
}

void lanes_hand_over_values(void **)
{
    in_every_order([](const char *) {
        double *sums = make_array<double>(3);
        unsigned *ballots = make_array<unsigned>(96);
        int *neighbours = make_array<int>(96);
        FTDN_LAUNCH(use_warps, 1, dim3(48, 2), 0, nullptr, sums, ballots, neighbours);
        std::vector<double> sum = download(sums, 3);
        std::vector<unsigned> ballot = download(ballots, 96);
        std::vector<int> neighbour = download(neighbours, 96);
        for (unsigned w = 0; w < 3; w++) {
            unsigned expected = 0;
            for (unsigned i = 0; i < 32; i++) expected |= unsigned((w * 32 + i) % 3 == 0) << i;
            assert_true(sum[w] == 32 * 31 / 2 + 32 * 32 * w);
            for (unsigned i = 0; i < 32; i++) assert_int_equal(ballot[w * 32 + i], expected);
        }
        for (int i = 0; i < 96; i++) assert_int_equal(neighbour[i], (i % 32 ? i - 1 : i) * 1000 + (i ^ 3));
        cudaFree(sums);
        cudaFree(ballots);
        cudaFree(neighbours);
    });
}

/* Right only where threads happen to run one after the other, upwards. */
__global__ void forget_a_barrier(int *to)
{
    __shared__ int values[64];
    values[threadIdx.x] = int(threadIdx.x);
    to[threadIdx.x] = threadIdx.x ? values[threadIdx.x - 1] : 0;
    __syncthreads();
    values[threadIdx.x] = -1;
}

__global__ void depend_on_earlier_blocks(int *to)
{
    to[blockIdx.x] = blockIdx.x ? to[blockIdx.x - 1] + 1 : 0;
}

void another_order_shows_what_is_missing(void **)
{
    in_every_order([](const char *order) {
        int *one = make_array<int>(64), *other = make_array<int>(64);
        FTDN_LAUNCH(forget_a_barrier, 1, 64, 0, nullptr, one);
        FTDN_LAUNCH(depend_on_earlier_blocks, 64, 1, 0, nullptr, other);
        std::vector<int> first = download(one, 64), second = download(other, 64);
        bool is_reordered = !strcmp(order, "reverse") || !strcmp(order, "shuffle");
        assert_int_equal(first[40] != 39, is_reordered);
        assert_int_equal(second[63] != 63, is_reordered);
        cudaFree(one);
        cudaFree(other);
    });
}

__global__ void add_up(unsigned long long *sum, int *largest, int n)
{
    int at = int(blockIdx.x * blockDim.x + threadIdx.x);
    if (at >= n) return;
    atomicAdd(sum, 1ull << 33);
    atomicMax(largest, at);
}

void atomics_count_every_thread(void **)
{
    in_every_order([](const char *) {
        cudaStream_t stream = make_stream();
        unsigned long long *sum = make_array<unsigned long long>(1);
        int *largest = make_array<int>(1);
        assert_cuda(cudaMemsetAsync(sum, 0, sizeof *sum, stream));
        assert_cuda(cudaMemsetAsync(largest, 0, sizeof *largest, stream));
        FTDN_LAUNCH(add_up, 40, 256, 0, stream, sum, largest, 10000);
        assert_true(download(sum, 1)[0] == 10000ull << 33);
        assert_int_equal(download(largest, 1)[0], 9999);
        cudaFree(sum);
        cudaFree(largest);
        cudaStreamDestroy(stream);
    });
}

void memory_that_nobody_wrote_is_no_number(void **)
{
    float *array = make_array<float>(100);
    for (float value : download(array, 100)) assert_true(std::isnan(value));
    size_t free_before, free_after, total;
    assert_cuda(cudaMemGetInfo(&free_before, &total));
    cudaFree(array);
    assert_cuda(cudaMemGetInfo(&free_after, &total));
    assert_int_equal(free_after - free_before, 100 * sizeof(float));
    struct cudaPointerAttributes attributes;
    assert_cuda(cudaPointerGetAttributes(&attributes, &total));
    assert_int_equal(attributes.type, cudaMemoryTypeUnregistered);
}

__global__ void add(int *array, int value)
{
    array[threadIdx.x] += value;
}

void a_capture_is_run_as_often_as_it_is_launched(void **)
{
    in_every_order([](const char *) {
        cudaStream_t stream = make_stream();
        int *array = make_array<int>(8), value = 3;
        cudaGraph_t graph;
        cudaGraphExec_t exec;
        cudaEvent_t marks[2], captured;
        for (cudaEvent_t *event : {&marks[0], &marks[1], &captured}) assert_cuda(cudaEventCreate(event));
        assert_cuda(cudaMemsetAsync(array, 0, 8 * sizeof *array, stream));
        assert_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
        assert_cuda(cudaEventRecordWithFlags(marks[0], stream, cudaEventRecordExternal));
        FTDN_LAUNCH(add, 1, 8, 0, stream, array, value);
        assert_cuda(cudaEventRecordWithFlags(marks[1], stream, cudaEventRecordExternal));
        assert_cuda(cudaEventRecord(captured, stream));
        value = 100; /* what was captured keeps its argument */
        assert_cuda(cudaStreamEndCapture(stream, &graph));
        assert_cuda(cudaGraphInstantiate(&exec, graph, 0));
        assert_cuda(cudaGraphDestroy(graph));
        assert_int_equal(download(array, 1)[0], 0);
        for (int i = 0; i < 3; i++) assert_cuda(cudaGraphLaunch(exec, stream));
        assert_int_equal(download(array, 1)[0], 9);
        float ms = -1;
        assert_cuda(cudaEventSynchronize(marks[1]));
        assert_cuda(cudaEventElapsedTime(&ms, marks[0], marks[1]));
        assert_true(ms >= 0);
        assert_int_equal(cudaEventElapsedTime(&ms, marks[0], captured), cudaErrorCapturedEvent);
        for (cudaEvent_t event : {marks[0], marks[1], captured}) assert_cuda(cudaEventDestroy(event));
        assert_cuda(cudaGraphExecDestroy(exec));
        assert_cuda(cudaStreamDestroy(stream));
        assert_cuda(cudaFree(array));
    });
}

void waiting_spoils_a_capture(void **)
{
    for (int kind = 0; kind < 5; kind++) {
        cudaStream_t stream = make_stream();
        int *array = make_array<int>(1), *other, value = 0;
        cudaGraph_t graph;
        assert_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
        if (kind == 0) assert_int_equal(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
        if (kind == 1) assert_int_equal(cudaMalloc(&other, 4), cudaErrorStreamCaptureUnsupported);
        if (kind == 2)
            assert_int_equal(cudaMemcpy(array, &value, 4, cudaMemcpyHostToDevice), cudaErrorStreamCaptureImplicit);
        if (kind == 3) assert_int_equal(cudaFree(array), cudaErrorStreamCaptureUnsupported);
        if (kind == 4)
            assert_int_equal(cudaMemcpyAsync(array, &value, 4, cudaMemcpyHostToDevice, stream),
                             cudaErrorStreamCaptureUnsupported);
        assert_int_equal(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
        assert_null(graph);
        (void)cudaGetLastError();
        assert_cuda(cudaStreamDestroy(stream));
        assert_cuda(cudaFree(array));
    }
}

/* In this order nothing runs before somebody waits, but what is copied from pageable memory is taken at once. */
void lazy_streams_run_when_somebody_waits(void **)
{
    setenv("FTDN_EMULATOR_ORDER", "lazy", 1);
    cudaStream_t stream = make_stream(), other = make_stream();
    cudaEvent_t event;
    assert_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    int *array = make_array<int>(1), *pinned, pageable = 5;
    assert_cuda(cudaMallocHost(&pinned, sizeof *pinned));
    *pinned = 1;
    assert_cuda(cudaMemcpyAsync(array, &pageable, sizeof pageable, cudaMemcpyHostToDevice, stream));
    pageable = 6;
    assert_cuda(cudaMemcpyAsync(pinned, array, sizeof pageable, cudaMemcpyDeviceToHost, stream));
    assert_int_equal(*pinned, 1);
    assert_cuda(cudaEventRecord(event, stream));
    FTDN_LAUNCH(add, 1, 1, 0, stream, array, 10);
    assert_cuda(cudaEventSynchronize(event));
    assert_int_equal(*pinned, 5);
    assert_cuda(cudaEventRecord(event, stream));
    assert_cuda(cudaStreamWaitEvent(other, event, 0));
    FTDN_LAUNCH(add, 1, 1, 0, other, array, 100);
    assert_cuda(cudaMemcpyAsync(&pageable, array, sizeof pageable, cudaMemcpyDeviceToHost, other));
    assert_int_equal(pageable, 115);
    unsetenv("FTDN_EMULATOR_ORDER");
    assert_cuda(cudaEventDestroy(event));
    assert_cuda(cudaStreamDestroy(stream));
    assert_cuda(cudaStreamDestroy(other));
    assert_cuda(cudaFreeHost(pinned));
    assert_cuda(cudaFree(array));
}

void the_asked_allocation_fails_and_no_other(void **)
{
    void *memory[4] = {};
    setenv("FTDN_EMULATOR_FAIL_ALLOC", "3", 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(cudaMalloc(&memory[i], 16), i == 2 ? cudaErrorMemoryAllocation : cudaSuccess);
    unsetenv("FTDN_EMULATOR_FAIL_ALLOC");
    assert_int_equal(cudaGetLastError(), cudaErrorMemoryAllocation);
    assert_int_equal(cudaMalloc(&memory[2], size_t(1) << 50), cudaErrorMemoryAllocation);
    (void)cudaGetLastError();
    for (void *each : memory) assert_cuda(cudaFree(each));
}

void wrong_requests_are_errors(void **)
{
    int *array = make_array<int>(4), values[8] = {};
    assert_int_equal(cudaMemcpy(array, values, 20, cudaMemcpyHostToDevice), cudaErrorInvalidValue); /* too long */
    assert_int_equal(cudaMemcpy(array, values, 16, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
    assert_int_equal(cudaMemset(values, 0, 4), cudaErrorInvalidValue);
    (void)cudaGetLastError();
    FTDN_LAUNCH(add, 1, 1025, 0, nullptr, array, 1);
    assert_int_equal(cudaGetLastError(), cudaErrorInvalidConfiguration);
    FTDN_LAUNCH(add, 0, 1, 0, nullptr, array, 1);
    assert_int_equal(cudaGetLastError(), cudaErrorInvalidConfiguration);
    FTDN_LAUNCH(add, 1, 4, 50 << 10, nullptr, array, 1);
    assert_int_equal(cudaGetLastError(), cudaErrorInvalidConfiguration);
    assert_cuda(cudaFuncSetAttribute(add, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 << 10));
    FTDN_LAUNCH(add, 1, 4, 50 << 10, nullptr, array, 1);
    assert_cuda(cudaGetLastError());
    assert_cuda(cudaFree(array));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misuse_ends_the_program),
        cmocka_unit_test(a_lost_device_answers_every_call_with_its_error),
        cmocka_unit_test(a_fork_of_a_user_has_no_device),
        cmocka_unit_test(threads_meet_at_barriers),
        cmocka_unit_test(lanes_hand_over_values),
        cmocka_unit_test(another_order_shows_what_is_missing),
        cmocka_unit_test(atomics_count_every_thread),
        cmocka_unit_test(memory_that_nobody_wrote_is_no_number),
        cmocka_unit_test(a_capture_is_run_as_often_as_it_is_launched),
        cmocka_unit_test(waiting_spoils_a_capture),
        cmocka_unit_test(lazy_streams_run_when_somebody_waits),
        cmocka_unit_test(the_asked_allocation_fails_and_no_other),
        cmocka_unit_test(wrong_requests_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
