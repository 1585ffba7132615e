/* environment.h - what a result is made with, beside its spec: code, compiler, machine, libraries. */
#ifndef FTDN_HARNESS_PLAN_ENVIRONMENT_H
#define FTDN_HARNESS_PLAN_ENVIRONMENT_H

#include "base/status.h"
#include "engine/device.h"
#include "results/store.h"

#define FTDN_CPU_NAME_BYTES 256

/* The processor's model name, "unknown processor" where the system does not say. */
void ftdn_environment_cpu(char ret_name[FTDN_CPU_NAME_BYTES]);

/* The compiler of this program with its version; static text. */
const char *ftdn_environment_compiler(void);

/* Describe this program on this machine and record it in the store. device: that trials run on; NULL: the processor. */
FTDN_NODISCARD ftdn_status ftdn_environment_record(ftdn_store *store, const ftdn_device_info *device,
                                                   int64_t *ret_environment, ftdn_error *err);

#endif
