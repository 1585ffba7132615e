/* Bias and activation behind a convolution, for every way in which channels fall onto the lanes of a thread. */
#include <math.h>
#include <string.h>

#include "engine/cuda/cuda_bias.h"
#include "tests/support/support.h"

/* A map of n_pixels and its biases in device memory. Every 7th value is NaN. */
static void fill(size_t n_pixels, int n_channels, float *y, float *bias)
{
    for (size_t i = 0; i < n_pixels * (size_t)n_channels; i++) {
        y[i] = i % 7 == 3 ? NAN : (float)((int)(i * 2654435761u % 2001) - 1000) / 100;
    }
    for (int k = 0; k < n_channels; k++) bias[k] = (float)(k % 11 - 5) / 4;
}

static float expect(float y, float bias, ftdn_activation activation)
{
    float sum = y + bias;
    if (activation == FTDN_ACTIVATION_NONE) return sum;
    float ceiling = activation == FTDN_ACTIVATION_RELU6 ? 6 : INFINITY;
    return sum > 0 ? fminf(sum, ceiling) : 0;
}

static void check(size_t n_pixels, int n_channels, ftdn_activation activation)
{
    size_t n_values = n_pixels * (size_t)n_channels, n_bytes = n_values * sizeof(float);
    size_t bias_bytes = (size_t)n_channels * sizeof(float);
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    float *y = FTDN_NEW(&arena, n_values, float, NULL), *bias = FTDN_NEW(&arena, n_channels, float, NULL);
    float *made = FTDN_NEW(&arena, n_values, float, NULL);
    void *device_y, *device_bias;
    fill(n_pixels, n_channels, y, bias);
    assert_int_equal(cudaMalloc(&device_y, n_bytes), cudaSuccess);
    assert_int_equal(cudaMalloc(&device_bias, bias_bytes), cudaSuccess);
    assert_int_equal(cudaMemcpy(device_y, y, n_bytes, cudaMemcpyHostToDevice), cudaSuccess);
    assert_int_equal(cudaMemcpy(device_bias, bias, bias_bytes, cudaMemcpyHostToDevice), cudaSuccess);
    ftdn_cuda_bias_activation(NULL, n_pixels, n_channels, device_bias, activation, device_y);
    assert_int_equal(cudaGetLastError(), cudaSuccess);
    assert_int_equal(cudaMemcpy(made, device_y, n_bytes, cudaMemcpyDeviceToHost), cudaSuccess);
    for (size_t i = 0; i < n_values; i++) {
        float expected = expect(y[i], bias[i % (size_t)n_channels], activation);
        if (isnan(expected) ? isnan(made[i]) : made[i] == expected) continue;
        fail_msg("%zu pixels of %d channels: value %zu is %g, expected %g", n_pixels, n_channels, i, (double)made[i],
                 (double)expected);
    }
    cudaFree(device_y);
    cudaFree(device_bias);
    ftdn_arena_done(&arena);
}

static void every_value_has_the_bias_of_its_channel(void **state)
{
    (void)state;
    static const int channels[] = {1, 2, 3, 4, 6, 16, 24, 63, 84, 126, 512, 1000, 1024, 4099};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        for (size_t n_pixels = 1; n_pixels <= 19; n_pixels += 3) check(n_pixels, channels[i], FTDN_ACTIVATION_NONE);
    }
}

static void rectifiers_clip_and_make_zero_of_nan(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 8; channels++) {
        check(100, channels, FTDN_ACTIVATION_RELU);
        check(100, channels, FTDN_ACTIVATION_RELU6);
    }
}

/* More values than the grid has threads for: each thread goes on, and meets its channels again. */
static void a_map_larger_than_the_grid_is_covered(void **state)
{
    (void)state;
    check(35000, 126, FTDN_ACTIVATION_RELU);
    check(65537, 70, FTDN_ACTIVATION_RELU6);
}

static bool is_wrong(size_t n_values, int n_channels, const float *wanted, const float *y)
{
    int found = 0;
    int *on_device;
    assert_int_equal(cudaMalloc((void **)&on_device, sizeof found), cudaSuccess);
    assert_int_equal(cudaMemset(on_device, 0, sizeof found), cudaSuccess);
    ftdn_cuda_find_wrong(NULL, n_values, n_channels, wanted, y, on_device);
    assert_int_equal(cudaGetLastError(), cudaSuccess);
    assert_int_equal(cudaMemcpy(&found, on_device, sizeof found, cudaMemcpyDeviceToHost), cudaSuccess);
    cudaFree(on_device);
    return found;
}

/* The emulator's device memory is the host's. */
static void one_wrong_value_is_found_and_nan_is_nan(void **state)
{
    (void)state;
    static const int channels[] = {1, 3, 24, 126};
    for (size_t c = 0; c < sizeof channels / sizeof *channels; c++) {
        size_t n = (size_t)channels[c], n_values = 39 * n;
        float *wanted, *y;
        assert_int_equal(cudaMalloc((void **)&wanted, n * sizeof *wanted), cudaSuccess);
        assert_int_equal(cudaMalloc((void **)&y, n_values * sizeof *y), cudaSuccess);
        for (size_t k = 0; k < n; k++) wanted[k] = k % 3 == 2 ? NAN : (float)k;
        for (size_t i = 0; i < n_values; i++) y[i] = wanted[i % n];
        assert_false(is_wrong(n_values, channels[c], wanted, y));
        for (size_t i = 0; i < n_values; i += n_values - 1) {
            float right = y[i];
            y[i] = isnan(right) ? 0 : NAN;
            assert_true(is_wrong(n_values, channels[c], wanted, y));
            y[i] = right;
        }
        assert_false(is_wrong(n_values, channels[c], wanted, y));
        cudaFree(wanted);
        cudaFree(y);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_the_bias_of_its_channel),
        cmocka_unit_test(rectifiers_clip_and_make_zero_of_nan),
        cmocka_unit_test(a_map_larger_than_the_grid_is_covered),
        cmocka_unit_test(one_wrong_value_is_found_and_nan_is_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
