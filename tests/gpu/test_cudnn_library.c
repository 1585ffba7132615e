/* cuDNN's handle and runs, on the emulated runtime. The library makes the plans, for a described H200; in the place of
 * running one stands a double, which notes what memory it was given, and rectifies the biases of a fused plan. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cudnn_device.h"
#include "engine/cuda/cudnn_plan.h"
#include "tests/gpu/described_devices.h"
#include "tests/gpu/square_convolution_cuda.h"
#include "tests/support/support.h"

#define MAX_TENSORS 8
#define N_CHANNELS 24
#define N_RESULTS ((size_t)2 * 6 * 5 * N_CHANNELS)

/* The double: what the next run is to answer and write, and what the last one was given. */
static struct {
    bool is_used;
    cudnnStatus_t answer;
    const float *result; /* [N_RESULTS] copied to OUT; NULL: nothing */
    bool hands_nan_on, is_capped, forgets_one; /* how a fused plan rectifies */
    int n_made, n_destroyed; /* handles */
    int n_runs, n_plans;
    cudaStream_t stream; /* the last one that a handle was given */
    cudnnHandle_t handle;
    int64_t n_tensors, id[MAX_TENSORS];
    void *memory[FTDN_CUDNN_OUT + 1]; /* by name of the tensor */
    void *workspace;
} played;

cudnnStatus_t __real_cudnnCreate(cudnnHandle_t *handle);
cudnnStatus_t __wrap_cudnnCreate(cudnnHandle_t *handle);
cudnnStatus_t __wrap_cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream);
cudnnStatus_t __wrap_cudnnDestroy(cudnnHandle_t handle);
cudnnStatus_t __real_cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                              cudnnBackendAttributeType_t type, int64_t n, const void *values);
cudnnStatus_t __wrap_cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                              cudnnBackendAttributeType_t type, int64_t n, const void *values);
cudnnStatus_t __wrap_cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                         cudnnBackendDescriptor_t pack);
ftdn_status __wrap_ftdn_cudnn_device_init(ftdn_cudnn_device *device, int index, ftdn_error *err);
ftdn_status __real_ftdn_cudnn_plan_init(ftdn_cudnn_plan *plan, const ftdn_cuda_convolution_desc *desc,
                                        const ftdn_cudnn_device *device, bool may_fuse, ftdn_error *err);
ftdn_status __wrap_ftdn_cudnn_plan_init(ftdn_cudnn_plan *plan, const ftdn_cuda_convolution_desc *desc,
                                        const ftdn_cudnn_device *device, bool may_fuse, ftdn_error *err);

cudnnStatus_t __wrap_cudnnCreate(cudnnHandle_t *handle)
{
    static char handles[64];
    static size_t n_handles; /* of all tests */
    if (!played.is_used) return __real_cudnnCreate(handle);
    assert_true(n_handles < sizeof handles);
    *handle = (cudnnHandle_t)(void *)&handles[n_handles++];
    played.n_made++;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t __wrap_cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream)
{
    (void)handle;
    played.stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t __wrap_cudnnDestroy(cudnnHandle_t handle)
{
    (void)handle;
    played.n_destroyed++;
    return CUDNN_STATUS_SUCCESS;
}

ftdn_status __wrap_ftdn_cudnn_device_init(ftdn_cudnn_device *device, int index, ftdn_error *err)
{
    assert_int_equal(index, 0);
    return ftdn_cudnn_device_describe(device, FTDN_DESCRIBED_H200, err);
}

ftdn_status __wrap_ftdn_cudnn_plan_init(ftdn_cudnn_plan *plan, const ftdn_cuda_convolution_desc *desc,
                                        const ftdn_cudnn_device *device, bool may_fuse, ftdn_error *err)
{
    played.n_plans++;
    return __real_ftdn_cudnn_plan_init(plan, desc, device, may_fuse, err);
}

/* A pack of memory can be filled but not asked. */
cudnnStatus_t __wrap_cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                              cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
    if (name == CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS) {
        assert_in_range(n, 1, MAX_TENSORS);
        memcpy(played.id, values, (size_t)n * sizeof *played.id);
        played.n_tensors = n;
    } else if (name == CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS) {
        assert_int_equal(n, played.n_tensors);
        memset(played.memory, 0, sizeof played.memory);
        for (int i = 0; i < n; i++) played.memory[played.id[i]] = ((void *const *)values)[i];
    } else if (name == CUDNN_ATTR_VARIANT_PACK_WORKSPACE) {
        played.workspace = *(void *const *)values;
    }
    return __real_cudnnBackendSetAttribute(descriptor, name, type, n, values);
}

/* What a fused plan makes of a map and weights of zeros. */
static void rectify_biases(const float *bias, float *out)
{
    for (size_t i = 0; i < N_RESULTS - played.forgets_one; i++) {
        float x = bias[i % N_CHANNELS], positive = x > 0 || (played.hands_nan_on && isnan(x)) ? x : 0;
        out[i] = played.is_capped && positive > FLT_MAX ? FLT_MAX : positive;
    }
}

cudnnStatus_t __wrap_cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                         cudnnBackendDescriptor_t pack)
{
    assert_non_null(plan);
    assert_non_null(pack);
    played.handle = handle;
    played.n_runs++;
    float *out = played.memory[FTDN_CUDNN_OUT];
    if (played.result) memcpy(out, played.result, N_RESULTS * sizeof *out);
    else if (played.n_tensors == 4) rectify_biases(played.memory[FTDN_CUDNN_BIAS], out);
    return played.answer;
}

/* state: a cache of the test's own. */
static int begin(void **state)
{
    ftdn_error err;
    memset(&played, 0, sizeof played);
    played.is_used = true;
    return ftdn_cuda_cache_create((ftdn_device_cache **)state, &err) == FTDN_OK ? 0 : -1;
}

static int end(void **state)
{
    ftdn_cuda_cache_free(*state);
    assert_int_equal(played.n_destroyed, played.n_made);
    return 0;
}

static ftdn_cuda_convolution *create(ftdn_device_cache *cache, const ftdn_cuda_convolution_desc *desc)
{
    ftdn_error err;
    ftdn_cuda_convolution *convolution;
    FTDN_ASSERT_OK(ftdn_cuda_convolution_create(cache, desc, &convolution, &err), err);
    return convolution;
}

/* A 3x3 convolution from 16 to 24 channels on 6x5 cells of two images. */
static ftdn_cuda_convolution_desc describe(ftdn_cuda_convolution_kind kind, ftdn_activation activation)
{
    const ftdn_shape in = {6, 5, 16};
    ftdn_cuda_convolution_desc desc = ftdn_test_square_convolution("block7", 2, in, N_CHANNELS, 3, 1);
    desc.kind = kind;
    desc.activation = activation;
    return desc;
}

/* A convolution, and the memory of its tensors as the emulated device has it. */
typedef struct stage {
    ftdn_cuda_library *library;
    ftdn_cuda_convolution *convolution;
    void *a, *b, *bias, *out, *workspace;
} stage;

static stage set_stage(ftdn_device_cache *cache, ftdn_cuda_convolution_kind kind, ftdn_activation activation)
{
    stage set;
    ftdn_error err;
    const ftdn_cuda_convolution_desc desc = describe(kind, activation);
    FTDN_ASSERT_OK(ftdn_cuda_library_create(cache, NULL, &set.library, &err), err);
    set.convolution = create(cache, &desc);
    void **memory[] = {&set.a, &set.b, &set.bias, &set.out, &set.workspace};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        assert_int_equal(cudaMalloc(memory[i], N_RESULTS * sizeof(float)), cudaSuccess);
    }
    return set;
}

static void strike(stage *set)
{
    void *const memory[] = {set->a, set->b, set->bias, set->out, set->workspace};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) assert_int_equal(cudaFree(memory[i]), cudaSuccess);
    ftdn_cuda_convolution_free(set->convolution);
    ftdn_cuda_library_free(set->library);
}

static void run(const stage *set, const float *bias)
{
    ftdn_error err;
    FTDN_ASSERT_OK(
        ftdn_cuda_convolution_run(set->convolution, set->library, set->a, set->b, bias, set->out, set->workspace, &err),
        err);
}

static void the_version_is_that_of_the_library(void **state)
{
    (void)state;
    const char *version = ftdn_cuda_library_version();
    assert_memory_equal(version, "cuDNN 9.", 8);
    assert_ptr_equal(version, ftdn_cuda_library_version());
}

/* The emulator answers for the runtime, but cuDNN asks the driver itself. */
static void a_handle_without_a_device_is_refused_with_the_reason(void **state)
{
    ftdn_cuda_library *library = NULL;
    ftdn_error err;
    cudnnHandle_t handle;
    played.is_used = false;
    if (__real_cudnnCreate(&handle) == CUDNN_STATUS_SUCCESS) skip();
    FTDN_ASSERT_FAILS(ftdn_cuda_library_create(*state, NULL, &library, &err), FTDN_ERR_BACKEND,
                      "cudnnCreate: CUDNN_STATUS_NOT_INITIALIZED (a handle): ", err);
    assert_null(library);
}

static void a_fused_run_gives_every_tensor_its_memory(void **state)
{
    stage set = set_stage(*state, FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU);
    assert_non_null(strstr(ftdn_cuda_convolution_plan(set.convolution), "bias and activation fused"));
    run(&set, set.bias);
    assert_int_equal(played.n_tensors, 4);
    assert_ptr_equal(played.memory[FTDN_CUDNN_A], set.a);
    assert_ptr_equal(played.memory[FTDN_CUDNN_B], set.b);
    assert_ptr_equal(played.memory[FTDN_CUDNN_BIAS], set.bias);
    assert_ptr_equal(played.memory[FTDN_CUDNN_OUT], set.out);
    assert_ptr_equal(played.workspace, set.workspace);
    strike(&set);
}

static void gradients_have_no_bias(void **state)
{
    for (int kind = FTDN_CUDA_CONVOLUTION_MAP_GRADIENT; kind <= FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT; kind++) {
        stage set = set_stage(*state, (ftdn_cuda_convolution_kind)kind, FTDN_ACTIVATION_NONE);
        run(&set, NULL);
        assert_int_equal(played.n_tensors, 3);
        assert_ptr_equal(played.memory[FTDN_CUDNN_A], set.a);
        assert_ptr_equal(played.memory[FTDN_CUDNN_B], set.b);
        assert_ptr_equal(played.memory[FTDN_CUDNN_OUT], set.out);
        strike(&set);
    }
    assert_int_equal(played.n_runs, 2);
}

static void what_is_not_fused_follows_behind(void **state)
{
    float convolved[N_RESULTS], bias[N_CHANNELS];
    for (size_t i = 0; i < N_RESULTS; i++) convolved[i] = (float)((int)(i % 23) - 11);
    for (int k = 0; k < N_CHANNELS; k++) bias[k] = (float)k / 8;
    stage set = set_stage(*state, FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU6);
    assert_null(strstr(ftdn_cuda_convolution_plan(set.convolution), "fused"));
    assert_int_equal(cudaMemcpy(set.bias, bias, sizeof bias, cudaMemcpyHostToDevice), cudaSuccess);
    played.result = convolved;
    run(&set, set.bias);
    assert_int_equal(played.n_tensors, 3);
    float y[N_RESULTS];
    assert_int_equal(cudaMemcpy(y, set.out, sizeof y, cudaMemcpyDeviceToHost), cudaSuccess);
    for (size_t i = 0; i < N_RESULTS; i++) {
        float sum = convolved[i] + bias[i % N_CHANNELS];
        assert_true(y[i] == (sum > 6 ? 6 : sum > 0 ? sum : 0));
    }
    strike(&set);
}

static void any_handle_runs_a_convolution_again_with_other_memory(void **state)
{
    ftdn_error err;
    ftdn_cuda_library *other;
    stage set = set_stage(*state, FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU);
    run(&set, set.bias);
    cudnnHandle_t first = played.handle;
    FTDN_ASSERT_OK(ftdn_cuda_library_create(*state, NULL, &other, &err), err);
    FTDN_ASSERT_OK(
        ftdn_cuda_convolution_run(set.convolution, other, set.b, set.a, set.workspace, set.bias, set.out, &err), err);
    assert_ptr_not_equal(played.handle, first);
    assert_ptr_equal(played.memory[FTDN_CUDNN_A], set.b);
    assert_ptr_equal(played.memory[FTDN_CUDNN_BIAS], set.workspace);
    assert_ptr_equal(played.memory[FTDN_CUDNN_OUT], set.bias);
    assert_ptr_equal(played.workspace, set.out);
    ftdn_cuda_library_free(other);
    strike(&set);
}

/* Contexts come and go with the rigs of a campaign. */
static void a_handle_that_is_given_back_serves_the_next_context(void **state)
{
    enum { N = 4, N_KEPT = 2 };
    ftdn_error err;
    ftdn_cuda_library *library[N];
    cudaStream_t stream;
    assert_int_equal(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    for (int i = 0; i < N; i++) FTDN_ASSERT_OK(ftdn_cuda_library_create(*state, stream, &library[i], &err), err);
    assert_ptr_equal(played.stream, stream);
    assert_int_equal(played.n_made, N);
    for (int i = 0; i < N; i++) ftdn_cuda_library_free(library[i]);
    assert_null(played.stream);
    assert_int_equal(played.n_destroyed, N - N_KEPT);
    assert_int_equal(cudaStreamDestroy(stream), cudaSuccess);
    for (int i = 0; i < 3; i++) {
        FTDN_ASSERT_OK(ftdn_cuda_library_create(*state, NULL, &library[0], &err), err);
        ftdn_cuda_library_free(library[0]);
    }
    assert_int_equal(played.n_made, N);
    assert_int_equal(played.n_destroyed, N - N_KEPT);
}

/* Every layer of VGG's blocks but the first is the same convolution as its neighbour. */
static void the_same_convolution_is_planned_once_and_tried_once(void **state)
{
    ftdn_cuda_convolution_desc desc = describe(FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU);
    ftdn_cuda_convolution *first = create(*state, &desc);
    assert_int_equal(played.n_plans, 1);
    assert_int_equal(played.n_runs, 1);
    desc.name = "block8";
    ftdn_cuda_convolution *second = create(*state, &desc);
    assert_string_equal(ftdn_cuda_convolution_plan(first), ftdn_cuda_convolution_plan(second));
    ftdn_cuda_convolution_free(first);
    ftdn_cuda_convolution_free(second);
    ftdn_cuda_convolution_free(create(*state, &desc));
    assert_int_equal(played.n_plans, 1);
    assert_int_equal(played.n_runs, 1);
}

/* A cache has plans and handles of its own, and all of them go with it. */
static void another_cache_plans_anew(void **state)
{
    ftdn_error err;
    ftdn_device_cache *other;
    const ftdn_cuda_convolution_desc desc = describe(FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU);
    ftdn_cuda_convolution_free(create(*state, &desc));
    FTDN_ASSERT_OK(ftdn_cuda_cache_create(&other, &err), err);
    ftdn_cuda_convolution_free(create(other, &desc));
    assert_int_equal(played.n_plans, 2);
    assert_int_equal(played.n_made, 2);
    assert_int_equal(played.n_destroyed, 0);
    ftdn_cuda_cache_free(other);
    assert_int_equal(played.n_destroyed, 1);
    ftdn_cuda_cache_free(NULL);
}

/* in_channels: a convolution that the cache has not met. */
static void assert_is_not_fused(ftdn_device_cache *cache, int in_channels)
{
    ftdn_cuda_convolution_desc desc = describe(FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU);
    desc.in.c = in_channels;
    played.n_plans = 0;
    ftdn_cuda_convolution *convolution = create(cache, &desc);
    assert_int_equal(played.n_plans, 2);
    assert_null(strstr(ftdn_cuda_convolution_plan(convolution), "activation fused"));
    assert_non_null(strstr(ftdn_cuda_convolution_plan(convolution), ", as the fused one fails its tryout"));
    ftdn_cuda_convolution_free(convolution);
}

static void a_fused_rectifier_that_is_not_ours_is_left_out(void **state)
{
    bool *const faults[] = {&played.hands_nan_on, &played.is_capped, &played.forgets_one};
    for (int i = 0; i < 3; i++) {
        *faults[i] = true;
        assert_is_not_fused(*state, 4 * (i + 1));
        *faults[i] = false;
    }
}

static void a_tryout_that_fails_leaves_no_plan_and_no_memory_behind(void **state)
{
    ftdn_error err;
    size_t before, after, total;
    ftdn_cuda_convolution *convolution = NULL;
    ftdn_cuda_convolution_desc desc = describe(FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU);
    assert_int_equal(cudaMemGetInfo(&before, &total), cudaSuccess);
    played.answer = CUDNN_STATUS_EXECUTION_FAILED;
    FTDN_ASSERT_FAILS(ftdn_cuda_convolution_create(*state, &desc, &convolution, &err), FTDN_ERR_BACKEND,
                      "cudnnBackendExecute: CUDNN_STATUS_EXECUTION_FAILED (block7 forward, ", err);
    played.answer = CUDNN_STATUS_SUCCESS;
    setenv("FTDN_EMULATOR_FAIL_ALLOC", "1", 1);
    FTDN_ASSERT_FAILS(ftdn_cuda_convolution_create(*state, &desc, &convolution, &err), FTDN_ERR_MEMORY,
                      "MB of device memory wanted for the first run of a convolution", err);
    unsetenv("FTDN_EMULATOR_FAIL_ALLOC");
    assert_null(convolution);
    assert_int_equal(cudaMemGetInfo(&after, &total), cudaSuccess);
    assert_int_equal(before, after);
    ftdn_cuda_convolution_free(create(*state, &desc));
    assert_int_equal(played.n_plans, 3);
}

static void a_run_that_fails_is_named(void **state)
{
    ftdn_error err;
    stage set = set_stage(*state, FTDN_CUDA_CONVOLUTION_FORWARD, FTDN_ACTIVATION_RELU);
    played.answer = CUDNN_STATUS_EXECUTION_FAILED_CUDA_DRIVER;
    FTDN_ASSERT_FAILS(
        ftdn_cuda_convolution_run(set.convolution, set.library, set.a, set.b, set.bias, set.out, set.workspace, &err),
        FTDN_ERR_BACKEND,
        "cudnnBackendExecute: CUDNN_STATUS_EXECUTION_FAILED_CUDA_DRIVER (block7 forward, x [2,6,5,16], "
        "w [24,3,3,16], y [2,6,5,24])",
        err);
    played.answer = CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
    FTDN_ASSERT_FAILS(
        ftdn_cuda_convolution_run(set.convolution, set.library, set.a, set.b, set.bias, set.out, set.workspace, &err),
        FTDN_ERR_MEMORY, "cudnnBackendExecute: ", err);
    strike(&set);
}

static void nothing_is_freed_of_nothing(void **state)
{
    (void)state;
    ftdn_cuda_library_free(NULL);
    ftdn_cuda_convolution_free(NULL);
    assert_int_equal(played.n_destroyed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_version_is_that_of_the_library, begin, end),
        cmocka_unit_test_setup_teardown(a_handle_without_a_device_is_refused_with_the_reason, begin, end),
        cmocka_unit_test_setup_teardown(a_fused_run_gives_every_tensor_its_memory, begin, end),
        cmocka_unit_test_setup_teardown(gradients_have_no_bias, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_fused_follows_behind, begin, end),
        cmocka_unit_test_setup_teardown(any_handle_runs_a_convolution_again_with_other_memory, begin, end),
        cmocka_unit_test_setup_teardown(a_handle_that_is_given_back_serves_the_next_context, begin, end),
        cmocka_unit_test_setup_teardown(the_same_convolution_is_planned_once_and_tried_once, begin, end),
        cmocka_unit_test_setup_teardown(another_cache_plans_anew, begin, end),
        cmocka_unit_test_setup_teardown(a_fused_rectifier_that_is_not_ours_is_left_out, begin, end),
        cmocka_unit_test_setup_teardown(a_tryout_that_fails_leaves_no_plan_and_no_memory_behind, begin, end),
        cmocka_unit_test_setup_teardown(a_run_that_fails_is_named, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_freed_of_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
