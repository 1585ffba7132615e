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

static void write_words(char *text, const char *numbers)
{
#ifdef FTDN_CUDA_EMULATOR
    snprintf(text, sizeof words[0], "%s emulated", numbers);
#else
    const char *library = ftdn_cuda_library_version();
    if (capability > 0) snprintf(text, sizeof words[0], "%s sm_%d %s", numbers, capability, library);
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
    int known = capability;
    (void)pthread_mutex_unlock(&mutex);
    if (known != NOT_ASKED) return;
    bool answers = ftdn_device_probe(&info, 1, &n_devices, NULL) == FTDN_OK;
    keep_capability(answers ? 10 * info.major + info.minor : NO_DEVICE);
}
#endif

const char *ftdn_cuda_arithmetic(ftdn_conv_algorithm algorithm)
{
    find_capability();
    (void)pthread_mutex_lock(&mutex);
    if (words_capability != capability) { /* else earlier callers may be reading */
        write_words(words[0], "f32 fma");
        write_words(words[1], "f32 tf32");
        words_capability = capability;
    }
    (void)pthread_mutex_unlock(&mutex);
    return words[algorithm == FTDN_CONV_TF32];
}
