/* described_devices.h - devices of the architectures that the module is built for, in cuDNN's own words.
 *
 * What CUDA says of these devices (cudaDeviceGetAttribute), so that the library plans for them where none is. */
#ifndef FTDN_TESTS_GPU_DESCRIBED_DEVICES_H
#define FTDN_TESTS_GPU_DESCRIBED_DEVICES_H

#define FTDN_DESCRIBED_H200                                                                                            \
    "{\"deviceName\":\"NVIDIA H200\",\"cudaDeviceId\":0,\"deviceVer\":900,\"driverVer\":13000,"                        \
    "\"multiProcessorCount\":132,\"smClockRateKHz\":1980000,\"memClockRateKHz\":3201000,\"l2CacheSize\":62914560,"     \
    "\"warpSize\":32,\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64],"                        \
    "\"regsPerBlock\":65536,\"maxRegistersPerSM\":65536,\"maxSharedMemoryPerBlock\":49152,"                            \
    "\"maxSharedMemoryPerBlockOptin\":232448,\"reservedSharedMemoryPerBlock\":1024,\"pciDeviceId\":0,"                 \
    "\"maxCtasPerSM\":32,\"maxThreadsPerBlock\":1024,\"maxThreadsPerSM\":2048,\"isTccDriver\":0,"                      \
    "\"supportCoopLaunch\":1,\"totalGlobalMem\":150754820096}"

#define FTDN_DESCRIBED_A100                                                                                            \
    "{\"deviceName\":\"NVIDIA A100-SXM4-80GB\",\"cudaDeviceId\":0,\"deviceVer\":800,\"driverVer\":13000,"              \
    "\"multiProcessorCount\":108,\"smClockRateKHz\":1410000,\"memClockRateKHz\":1593000,\"l2CacheSize\":41943040,"     \
    "\"warpSize\":32,\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64],"                        \
    "\"regsPerBlock\":65536,\"maxRegistersPerSM\":65536,\"maxSharedMemoryPerBlock\":49152,"                            \
    "\"maxSharedMemoryPerBlockOptin\":166912,\"reservedSharedMemoryPerBlock\":1024,\"pciDeviceId\":0,"                 \
    "\"maxCtasPerSM\":32,\"maxThreadsPerBlock\":1024,\"maxThreadsPerSM\":2048,\"isTccDriver\":0,"                      \
    "\"supportCoopLaunch\":1,\"totalGlobalMem\":85198045184}"

#define FTDN_DESCRIBED_T4                                                                                              \
    "{\"deviceName\":\"Tesla T4\",\"cudaDeviceId\":0,\"deviceVer\":750,\"driverVer\":13000,"                           \
    "\"multiProcessorCount\":40,\"smClockRateKHz\":1590000,\"memClockRateKHz\":5001000,\"l2CacheSize\":4194304,"       \
    "\"warpSize\":32,\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64],"                        \
    "\"regsPerBlock\":65536,\"maxRegistersPerSM\":65536,\"maxSharedMemoryPerBlock\":49152,"                            \
    "\"maxSharedMemoryPerBlockOptin\":65536,\"reservedSharedMemoryPerBlock\":0,\"pciDeviceId\":0,"                     \
    "\"maxCtasPerSM\":16,\"maxThreadsPerBlock\":1024,\"maxThreadsPerSM\":1024,\"isTccDriver\":0,"                      \
    "\"supportCoopLaunch\":1,\"totalGlobalMem\":15655829504}"

#endif
