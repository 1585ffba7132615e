/* Streams, what is captured of them, and events. */
#include "tests/emulator/emulator.h"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

using namespace emulator;

struct CUgraph_st {
    std::vector<work_pointer> work;
    bool is_valid = true;
};

struct CUgraphExec_st {
    std::vector<work_pointer> work;
};

struct CUstream_st {
    std::deque<work_pointer> queue;
    uint64_t n_enqueued = 0, n_done = 0;
    CUgraph_st *capture = nullptr;
    bool is_running = false;
};

struct CUevent_st {
    CUstream_st *stream = nullptr; /* of the last record */
    uint64_t position = 0;         /* in that stream, 1 being its first work; 0: never recorded */
    uint64_t done = 0;             /* the position that time_ms belongs to */
    double time_ms = 0;
    bool is_timed = true, is_captured = false;
};

namespace emulator
{
namespace
{

CUstream_st default_stream;
std::set<uintptr_t> streams; /* complements of addresses, as in emulator_memory.cc */
unsigned n_captures;
failure_plan launch_failure = {"FTDN_EMULATOR_FAIL_LAUNCH", 0, 0};

CUstream_st *reveal(uintptr_t hidden)
{
    return reinterpret_cast<CUstream_st *>(~hidden);
}

CUstream_st *find_stream(cudaStream_t stream)
{
    return stream ? stream : &default_stream;
}

/* Run a stream's work up to a position. */
void run_until(CUstream_st *stream, uint64_t position)
{
    while (stream->n_done < position) {
        if (stream->is_running) refuse("a stream waits for itself");
        const work_pointer next = stream->queue.front();
        stream->queue.pop_front();
        if (next->is_launch && !lost_error() && is_next_failure(&launch_failure)) lose_device(cudaErrorIllegalAddress);
        stream->is_running = true;
        if (!lost_error()) next->run();
        stream->is_running = false;
        stream->n_done++;
    }
}

struct copy : work {
    void *to;
    const void *from;
    size_t n_bytes;
    std::vector<char> taken; /* of memory that the caller may change after the call */
    copy(void *to, const void *from, size_t n_bytes, bool takes) : to(to), from(from), n_bytes(n_bytes)
    {
        if (!takes) return;
        taken.resize(n_bytes);
        std::memcpy(taken.data(), from, n_bytes);
    }
    void run() const override
    {
        if (n_bytes) std::memmove(to, taken.empty() ? from : taken.data(), n_bytes);
    }
};

struct fill : work {
    void *memory;
    int value;
    size_t n_bytes;
    void run() const override
    {
        if (n_bytes) std::memset(memory, value, n_bytes);
    }
};

struct host_call : work {
    void (*function)(const void *);
    std::vector<char> arguments;
    void run() const override
    {
        function(arguments.data());
    }
};

struct record : work {
    CUevent_st *event;
    explicit record(CUevent_st *event) : event(event)
    {
    }
    void take_place(CUstream_st *stream, uint64_t position) const override
    {
        event->stream = stream;
        event->position = position;
    }
    void run() const override
    {
        auto now = std::chrono::steady_clock::now().time_since_epoch();
        event->time_ms = std::chrono::duration<double, std::milli>(now).count();
        event->done = event->stream->n_done + 1;
    }
};

struct wait : work {
    CUstream_st *stream;
    uint64_t position;
    void run() const override
    {
        if (is_stream(stream)) run_until(stream, position);
    }
};

/* Where the copy goes from and to, and whether kind says so. */
bool copy_is_right(const void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind)
{
    bool to_device = find_memory(to, n_bytes) == memory_kind::device;
    bool from_device = find_memory(from, n_bytes) == memory_kind::device;
    switch (kind) {
    case cudaMemcpyHostToHost: return !to_device && !from_device;
    case cudaMemcpyHostToDevice: return to_device && !from_device;
    case cudaMemcpyDeviceToHost: return !to_device && from_device;
    case cudaMemcpyDeviceToDevice: return to_device && from_device;
    case cudaMemcpyDefault: return true;
    }
    return false;
}

/* From pageable memory a copy is under way when the call returns, into it, it is done. */
cudaError_t start_copy(void *to, const void *from, size_t n_bytes, CUstream_st *stream)
{
    bool takes = find_memory(from, n_bytes) == memory_kind::foreign;
    bool waits = find_memory(to, n_bytes) == memory_kind::foreign;
    cudaError_t error = enqueue(stream, std::make_shared<copy>(to, from, n_bytes, takes));
    if (!error && waits) run_until(stream, stream->n_enqueued);
    return lost_error() ? answer(lost_error()) : error;
}

cudaError_t end_capture_with(CUstream_st *stream, cudaError_t error)
{
    if (stream->capture) stream->capture->is_valid = false;
    return answer(error);
}

} // namespace

bool is_stream(cudaStream_t stream)
{
    return !stream || stream == &default_stream || streams.count(~reinterpret_cast<uintptr_t>(stream));
}

bool spoils_capture()
{
    if (!n_captures) return false;
    for (uintptr_t hidden : streams)
        if (reveal(hidden)->capture) reveal(hidden)->capture->is_valid = false;
    return true;
}

void run_everything()
{
    run_until(&default_stream, default_stream.n_enqueued);
    for (uintptr_t hidden : streams) run_until(reveal(hidden), reveal(hidden)->n_enqueued);
}

cudaError_t enqueue(cudaStream_t handle, work_pointer work)
{
    if (!is_stream(handle)) return answer(cudaErrorInvalidResourceHandle);
    CUstream_st *stream = find_stream(handle);
    if (stream->capture) {
        if (!stream->capture->is_valid) return answer(cudaErrorStreamCaptureInvalidated);
        stream->capture->work.push_back(std::move(work));
        return cudaSuccess;
    }
    work->take_place(stream, ++stream->n_enqueued);
    stream->queue.push_back(std::move(work));
    if (current_order() != order::lazy) run_until(stream, stream->n_enqueued);
    return cudaSuccess;
}

} // namespace emulator

cudaError_t ftdn_emulator_enqueue(cudaStream_t stream, void (*function)(const void *), const void *arguments,
                                  size_t n_bytes)
{
    call call;
    if (call.error) return call.error;
    auto made = std::make_shared<host_call>();
    made->is_launch = true;
    made->function = function;
    made->arguments.assign(static_cast<const char *>(arguments), static_cast<const char *>(arguments) + n_bytes);
    return enqueue(stream, made);
}

cudaError_t cudaDeviceSynchronize(void)
{
    call call;
    if (call.error) return call.error;
    if (spoils_capture()) return answer(cudaErrorStreamCaptureUnsupported);
    run_everything();
    return answer(lost_error());
}

/* Only a copy that reads or writes pinned memory, or into host memory, has certainly ended when the call returns. */
cudaError_t cudaMemcpy(void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind)
{
    call call;
    if (call.error) return call.error;
    if (spoils_capture()) return answer(cudaErrorStreamCaptureImplicit);
    if (!copy_is_right(to, from, n_bytes, kind)) return answer(cudaErrorInvalidValue);
    cudaError_t error = start_copy(to, from, n_bytes, &default_stream);
    bool waits = find_memory(to, n_bytes) != memory_kind::device || find_memory(from, n_bytes) == memory_kind::pinned;
    if (waits) run_until(&default_stream, default_stream.n_enqueued);
    return error;
}

/* A copy of pageable memory waits for the host in one way or the other, and is no part of a capture. */
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
    call call;
    if (call.error) return call.error;
    if (!is_stream(stream)) return answer(cudaErrorInvalidResourceHandle);
    if (!copy_is_right(to, from, n_bytes, kind)) return answer(cudaErrorInvalidValue);
    bool waits = find_memory(to, n_bytes) == memory_kind::foreign || find_memory(from, n_bytes) == memory_kind::foreign;
    if (find_stream(stream)->capture && waits)
        return end_capture_with(find_stream(stream), cudaErrorStreamCaptureUnsupported);
    return start_copy(to, from, n_bytes, find_stream(stream));
}

cudaError_t cudaMemset(void *memory, int value, size_t n_bytes)
{
    call call;
    if (call.error) return call.error;
    if (spoils_capture()) return answer(cudaErrorStreamCaptureImplicit);
    return cudaMemsetAsync(memory, value, n_bytes, nullptr);
}

cudaError_t cudaMemsetAsync(void *memory, int value, size_t n_bytes, cudaStream_t stream)
{
    call call;
    if (call.error) return call.error;
    if (n_bytes && find_memory(memory, n_bytes) != memory_kind::device) return answer(cudaErrorInvalidValue);
    auto made = std::make_shared<fill>();
    made->memory = memory;
    made->value = value;
    made->n_bytes = n_bytes;
    return enqueue(stream, made);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    call call;
    if (call.error) return call.error;
    if (flags != cudaStreamNonBlocking) refuse("a stream that waits for the default stream is not emulated");
    *stream = new CUstream_st;
    streams.insert(~reinterpret_cast<uintptr_t>(*stream));
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    call call;
    if (call.error == cudaErrorInitializationError) return call.error;
    if (!stream || !is_stream(stream)) return answer(cudaErrorInvalidResourceHandle);
    run_until(stream, stream->n_enqueued);
    if (stream->capture) n_captures--;
    delete stream->capture;
    streams.erase(~reinterpret_cast<uintptr_t>(stream));
    delete stream;
    return call.error;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle)
{
    call call;
    if (call.error) return call.error;
    if (!is_stream(handle)) return answer(cudaErrorInvalidResourceHandle);
    CUstream_st *stream = find_stream(handle);
    if (stream->capture) return end_capture_with(stream, cudaErrorStreamCaptureUnsupported);
    run_until(stream, stream->n_enqueued);
    return answer(lost_error());
}

/* Events of a capture order its work alone; here it keeps the order of the calls. */
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned flags)
{
    call call;
    if (call.error) return call.error;
    if (flags || !is_stream(handle)) return answer(cudaErrorInvalidValue);
    CUstream_st *stream = find_stream(handle);
    if (stream->capture || event->is_captured) {
        if (stream->capture && event->is_captured) return cudaSuccess;
        return end_capture_with(stream, cudaErrorStreamCaptureUnsupported);
    }
    auto made = std::make_shared<wait>();
    made->stream = event->stream;
    made->position = event->position;
    return event->position && event->stream != stream ? enqueue(stream, made) : cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode)
{
    call call;
    if (call.error) return call.error;
    if (!stream || !is_stream(stream)) return answer(cudaErrorStreamCaptureUnsupported);
    if (stream->capture) return end_capture_with(stream, cudaErrorStreamCaptureUnsupported);
    stream->capture = new CUgraph_st;
    n_captures++;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    call call;
    if (call.error && call.error != lost_error()) return call.error;
    *graph = nullptr;
    if (!stream || !is_stream(stream) || !stream->capture) return answer(cudaErrorStreamCaptureUnmatched);
    CUgraph_st *captured = stream->capture;
    stream->capture = nullptr;
    n_captures--;
    if (call.error || !captured->is_valid) {
        delete captured;
        return call.error ? call.error : answer(cudaErrorStreamCaptureInvalidated);
    }
    *graph = captured;
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status)
{
    call call;
    if (call.error) return call.error;
    if (!is_stream(stream)) return answer(cudaErrorInvalidResourceHandle);
    const CUgraph_st *capture = find_stream(stream)->capture;
    *status = !capture            ? cudaStreamCaptureStatusNone
              : capture->is_valid ? cudaStreamCaptureStatusActive
                                  : cudaStreamCaptureStatusInvalidated;
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    call call;
    if (call.error) return call.error;
    *exec = new CUgraphExec_st{graph->work};
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle)
{
    call call;
    if (call.error) return call.error;
    if (!is_stream(handle)) return answer(cudaErrorInvalidResourceHandle);
    CUstream_st *stream = find_stream(handle);
    if (stream->capture) return end_capture_with(stream, cudaErrorStreamCaptureUnsupported);
    for (const work_pointer &work : exec->work) {
        cudaError_t error = enqueue(handle, work);
        if (error) return error;
    }
    return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t stream)
{
    call call;
    if (call.error) return call.error;
    return is_stream(stream) ? cudaSuccess : answer(cudaErrorInvalidResourceHandle);
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    call call;
    delete graph;
    return call.error;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    call call;
    delete exec;
    return call.error;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
    call call;
    if (call.error) return call.error;
    *event = new CUevent_st;
    (*event)->is_timed = !(flags & cudaEventDisableTiming);
    return cudaSuccess;
}

/* Records of it that still lie in a stream are made first. */
cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    call call;
    if (!call.error) run_everything();
    delete event;
    return call.error;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}

/* Without cudaEventRecordExternal a record in a capture is a mark of the capture's order, and never has a time. */
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags)
{
    call call;
    if (call.error) return call.error;
    if (!is_stream(stream)) return answer(cudaErrorInvalidResourceHandle);
    event->is_captured = find_stream(stream)->capture && flags != cudaEventRecordExternal;
    return event->is_captured ? cudaSuccess : enqueue(stream, std::make_shared<record>(event));
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    call call;
    if (call.error) return call.error;
    if (event->is_captured) return answer(cudaErrorCapturedEvent);
    if (event->position && is_stream(event->stream)) run_until(event->stream, event->position);
    return answer(lost_error());
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end)
{
    call call;
    if (call.error) return call.error;
    if (start->is_captured || end->is_captured) return answer(cudaErrorCapturedEvent);
    if (!start->is_timed || !end->is_timed || !start->position || !end->position)
        return answer(cudaErrorInvalidResourceHandle);
    if (start->done != start->position || end->done != end->position) return answer(cudaErrorNotReady);
    *ms = float(end->time_ms - start->time_ms);
    return cudaSuccess;
}
