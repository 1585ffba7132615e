#include "engine/cuda/cuda_arithmetic.h"

#include <pthread.h>
#include <stdio.h>

#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cuda_status.h"
#include "engine/device.h"

/* In the place of a capability. */
enum { NOT_ASKED = 0, NO_DEVICE = -1, NOTHING = -2 };

/* What cuDNN's choice of engines hangs on. */
typedef struct device_kind {
    int capability; /* 90 is 9.0 */
    int n_multiprocessors;
} device_kind;

/* Guarded by the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static device_kind kind = {NOT_ASKED, 0};
static device_kind assumed = {NOT_ASKED, 0}; /* told instead of it */
static char words[2][64];                    /* of words_kind */
static device_kind words_kind = {NOTHING, 0};

static void keep_kind(int major, int minor, int n_multiprocessors)
{
    (void)pthread_mutex_lock(&mutex);
    kind = (device_kind){10 * major + minor, n_multiprocessors};
    (void)pthread_mutex_unlock(&mutex);
}

ftdn_status ftdn_cuda_meet_device(int device, ftdn_error *err)
{
    struct cudaDeviceProp properties;
    FTDN_CUDA(cudaGetDeviceProperties(&properties, device), NULL, err);
    keep_kind(properties.major, properties.minor, properties.multiProcessorCount);
    return FTDN_OK;
}

void ftdn_cuda_assume_device(int major, int minor, int n_multiprocessors)
{
    (void)pthread_mutex_lock(&mutex);
    assumed = (device_kind){10 * major + minor, n_multiprocessors};
    (void)pthread_mutex_unlock(&mutex);
}

static void write_words(char *text, const char *numbers, device_kind told)
{
#ifdef FTDN_CUDA_EMULATOR
    if (assumed.capability == NOT_ASKED) snprintf(text, sizeof words[0], "%s emulated", numbers);
    else snprintf(text, sizeof words[0], "%s sm_%dx%d emulated", numbers, told.capability, told.n_multiprocessors);
#else
    const char *library = ftdn_cuda_library_version();
    if (told.capability > 0)
        snprintf(text, sizeof words[0], "%s sm_%dx%d %s", numbers, told.capability, told.n_multiprocessors, library);
    else snprintf(text, sizeof words[0], "%s, no device, %s", numbers, library);
#endif
}

#ifdef FTDN_CUDA_EMULATOR
static void find_kind(void)
{
}
#else
static void find_kind(void)
{
    ftdn_device_info info;
    int n_devices;
    (void)pthread_mutex_lock(&mutex);
    bool is_known = kind.capability != NOT_ASKED || assumed.capability != NOT_ASKED;
    (void)pthread_mutex_unlock(&mutex);
    if (is_known) return;
    bool answers = ftdn_device_probe(&info, 1, &n_devices, NULL) == FTDN_OK;
    if (answers) keep_kind(info.major, info.minor, info.n_multiprocessors);
    else keep_kind(0, NO_DEVICE, 0);
}
#endif

const char *ftdn_cuda_arithmetic(ftdn_conv_algorithm algorithm)
{
    find_kind();
    (void)pthread_mutex_lock(&mutex);
    device_kind told = assumed.capability != NOT_ASKED ? assumed : kind;
    bool is_new = words_kind.capability != told.capability || words_kind.n_multiprocessors != told.n_multiprocessors;
    if (is_new) { /* else earlier callers may be reading */
        write_words(words[0], "f32 fma", told);
        write_words(words[1], "f32 tf32", told);
        words_kind = told;
    }
    (void)pthread_mutex_unlock(&mutex);
    return words[algorithm == FTDN_CONV_TF32];
}
