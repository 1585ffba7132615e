#include "engine/cuda/cuda_arithmetic.h"

#include <pthread.h>
#include <stdio.h>

#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cuda_status.h"
#include "engine/device.h"

/* In the place of a capability. */
enum { NOT_ASKED = 0, NO_DEVICE = -1, NOTHING = -2 };

/* Guarded by the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int capability = NOT_ASKED; /* 90 is 9.0 */
static int assumed = NOT_ASKED;    /* told instead of it */
static char words[2][64];          /* of words_capability */
static int words_capability = NOTHING;

static void keep_capability(int found)
{
    (void)pthread_mutex_lock(&mutex);
    capability = found;
    (void)pthread_mutex_unlock(&mutex);
}

ftdn_status ftdn_cuda_meet_device(int device, ftdn_error *err)
{
    struct cudaDeviceProp properties;
    FTDN_CUDA(cudaGetDeviceProperties(&properties, device), NULL, err);
    keep_capability(10 * properties.major + properties.minor);
    return FTDN_OK;
}

void ftdn_cuda_assume_device(int major, int minor)
{
    (void)pthread_mutex_lock(&mutex);
    assumed = 10 * major + minor;
    (void)pthread_mutex_unlock(&mutex);
}

/* told: the capability. */
static void write_words(char *text, const char *numbers, int told)
{
#ifdef FTDN_CUDA_EMULATOR
    if (assumed == NOT_ASKED) snprintf(text, sizeof words[0], "%s emulated", numbers);
    else snprintf(text, sizeof words[0], "%s sm_%d emulated", numbers, told);
#else
    const char *library = ftdn_cuda_library_version();
    if (told > 0) snprintf(text, sizeof words[0], "%s sm_%d %s", numbers, told, library);
    else snprintf(text, sizeof words[0], "%s, no device, %s", numbers, library);
#endif
}

#ifdef FTDN_CUDA_EMULATOR
static void find_capability(void)
{
}
#else
static void find_capability(void)
{
    ftdn_device_info info;
    int n_devices;
    (void)pthread_mutex_lock(&mutex);
    bool is_known = capability != NOT_ASKED || assumed != NOT_ASKED;
    (void)pthread_mutex_unlock(&mutex);
    if (is_known) return;
    bool answers = ftdn_device_probe(&info, 1, &n_devices, NULL) == FTDN_OK;
    keep_capability(answers ? 10 * info.major + info.minor : NO_DEVICE);
}
#endif

const char *ftdn_cuda_arithmetic(ftdn_conv_algorithm algorithm)
{
    find_capability();
    (void)pthread_mutex_lock(&mutex);
    int told = assumed != NOT_ASKED ? assumed : capability;
    if (words_capability != told) { /* else earlier callers may be reading */
        write_words(words[0], "f32 fma", told);
        write_words(words[1], "f32 tf32", told);
        words_capability = told;
    }
    (void)pthread_mutex_unlock(&mutex);
    return words[algorithm == FTDN_CONV_TF32];
}
