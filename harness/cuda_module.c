/* cuda_module.c - the CUDA module's entry: what each layer has for a device, in one table. */
#include "base/code_version.h"
#include "detect/detector_cuda.h"
#include "detect/loss_cuda.h"
#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_optimizer.h"
#include "engine/device.h"
#include "injectors/map_faults_cuda.h"
#include "injectors/weight_faults_cuda.h"
#include "protectors/assembly_cuda.h"
#include "rankers/ranking_cuda.h"

#ifdef FTDN_CUDA_EMULATOR
#define IS_EMULATED true
#else
#define IS_EMULATED false
#endif

static const ftdn_device_module module = {
    .interface_version = FTDN_DEVICE_INTERFACE,
    .code_version = FTDN_CODE_VERSION,
    .is_emulated = IS_EMULATED,
    .backend = &ftdn_backend_cuda,
    .device = &ftdn_cuda_device_table,
    .optimizer = &ftdn_cuda_optimizer_table,
    .map_faults = &ftdn_map_faults_cuda,
    .weight_faults = &ftdn_weight_faults_cuda,
    .assembly = &ftdn_assembly_cuda,
    .detector = &ftdn_cuda_detector_table,
    .loss = &ftdn_cuda_loss_table,
    .ranking = &ftdn_cuda_ranking_table,
};

__attribute__((visibility("default"))) ftdn_device_module_function ftdn_device_module_of_cuda;

const ftdn_device_module *ftdn_device_module_of_cuda(void)
{
    return &module;
}
