#include "harness/bench/bench_ceiling.h"

#include <omp.h>

#include "harness/bench/bench_measure.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Each chain is x = x * FACTOR + ADDEND, which goes to ADDEND / (1 - FACTOR) = 1: no infinity, no denormal. The
 * compiler is not told where a chain starts: it would leave out one that stays where it is. */
#define FACTOR 0.75f
#define ADDEND 0.25f

#define N_BURSTS 5
#define N_ROUNDS (1L << 20) /* of a burst: 10 to 20 million cycles */

typedef struct kernel {
    const char *name;
    double flop; /* operations per round */
    float (*run)(long n_rounds, float start);
} kernel;

/* Registers of four, which every 64-bit processor has. Multiplication and addition apart. */
typedef float quad __attribute__((vector_size(16)));
enum { N_PORTABLE = 10 };

static float run_portable(long n_rounds, float start)
{
    const quad factor = {FACTOR, FACTOR, FACTOR, FACTOR}, addend = {ADDEND, ADDEND, ADDEND, ADDEND};
    quad chain[N_PORTABLE];
    for (int i = 0; i < N_PORTABLE; i++) chain[i] = factor * (start + (float)i);
    for (long round = 0; round < n_rounds; round++) {
        for (int i = 0; i < N_PORTABLE; i++) chain[i] = chain[i] * factor + addend;
    }
    for (int i = 1; i < N_PORTABLE; i++) chain[0] += chain[i];
    return chain[0][0] + chain[0][1] + chain[0][2] + chain[0][3];
}

#ifdef __x86_64__
/* Latency 4 or 5 times two units want ten chains; sixteen registers hold twelve beside the constants. */
enum { N_AVX2 = 12 };

__attribute__((target("avx2,fma"))) static float run_avx2(long n_rounds, float start)
{
    const __m256 factor = _mm256_set1_ps(FACTOR), addend = _mm256_set1_ps(ADDEND);
    __m256 chain[N_AVX2];
    for (int i = 0; i < N_AVX2; i++) chain[i] = _mm256_set1_ps(start + (float)i);
    for (long round = 0; round < n_rounds; round++) {
        for (int i = 0; i < N_AVX2; i++) chain[i] = _mm256_fmadd_ps(chain[i], factor, addend);
    }
    for (int i = 1; i < N_AVX2; i++) chain[0] = _mm256_add_ps(chain[0], chain[i]);
    return _mm256_cvtss_f32(chain[0]);
}

enum { N_AVX512 = 16 };

__attribute__((target("avx512f"))) static float run_avx512(long n_rounds, float start)
{
    const __m512 factor = _mm512_set1_ps(FACTOR), addend = _mm512_set1_ps(ADDEND);
    __m512 chain[N_AVX512];
    for (int i = 0; i < N_AVX512; i++) chain[i] = _mm512_set1_ps(start + (float)i);
    for (long round = 0; round < n_rounds; round++) {
        for (int i = 0; i < N_AVX512; i++) chain[i] = _mm512_fmadd_ps(chain[i], factor, addend);
    }
    for (int i = 1; i < N_AVX512; i++) chain[0] = _mm512_add_ps(chain[0], chain[i]);
    return _mm512_cvtss_f32(chain[0]);
}
#endif

static kernel choose_kernel(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) return (kernel){"avx512 fma", 2.0 * 16 * N_AVX512, run_avx512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (kernel){"avx2 fma", 2.0 * 8 * N_AVX2, run_avx2};
#endif
    return (kernel){"128-bit vectors", 2.0 * 4 * N_PORTABLE, run_portable};
}

const char *ftdn_bench_ceiling_kernel(void)
{
    return choose_kernel().name;
}

/* Processor time of the thread that took longest: a ceiling does not fall where other processes take turns. */
static int64_t run_burst(const kernel *chosen, int n_threads)
{
    int64_t slowest_ns = 0;
#pragma omp parallel num_threads(n_threads) reduction(max : slowest_ns)
    {
        int64_t start_ns = ftdn_bench_thread_ns();
        volatile float start_and_end = 2;
        start_and_end = chosen->run(N_ROUNDS, start_and_end);
        slowest_ns = ftdn_bench_thread_ns() - start_ns;
    }
    return slowest_ns;
}

double ftdn_bench_ceiling_flops(int n_threads)
{
    kernel chosen = choose_kernel();
    int n_cores = omp_get_num_procs(), n_running = n_threads < n_cores ? n_threads : n_cores;
    int64_t best_ns = INT64_MAX;
    for (int i = 0; i < N_BURSTS; i++) {
        int64_t burst_ns = run_burst(&chosen, n_running);
        if (burst_ns > 0 && burst_ns < best_ns) best_ns = burst_ns;
    }
    return chosen.flop * N_ROUNDS * n_running / ((double)best_ns * 1e-9);
}
