/*
 * Memory protection unit (DDI 0403E B3.5; AN4838 "Managing memory protection unit in STM32 MCUs"): which
 * memory may be cached, which may hold code, and what nobody may touch.
 */
#include "chip/stm32h743/mpu.h"

#include "chip/stm32h743/core.h"
#include "chip/stm32h743/startup.h"

#define WRITE_BACK    (MPU_RASR_TEX(1U) | MPU_RASR_C | MPU_RASR_B) /* read and write allocate */
#define WRITE_THROUGH (MPU_RASR_C)
#define UNCACHED      (MPU_RASR_TEX(1U)) /* normal memory, not cached */

typedef struct region {
    uint32_t base;
    uint32_t attributes;
} region_t;

/* A higher number wins where regions overlap. */
static const region_t regions[] = {
    /* 0: external memory, 0x60000000 to 0xDFFFFFFF: none fitted. The core reads ahead speculatively in what
     * looks like normal memory, and a read there would hang on a controller that is not set up (AN4838
     * section 5). Four gigabytes less the eighths 0, 1, 2 and 7. */
    {0x00000000U, MPU_RASR_SIZE(32U) | MPU_RASR_SRD(0x87U) | MPU_RASR_AP_NONE | MPU_RASR_XN},
    /* 1: ITCM: code, read-only once it is copied, so that a write through a null pointer faults. */
    {0x00000000U, MPU_RASR_SIZE(16U) | MPU_RASR_AP_RO | UNCACHED},
    /* 2: flash: code and constants. */
    {0x08000000U, MPU_RASR_SIZE(21U) | MPU_RASR_AP_RO | WRITE_THROUGH},
    /* 3: DTCM: stack, .data, .bss. No cache in front of a TCM, and no code in it. */
    {0x20000000U, MPU_RASR_SIZE(17U) | MPU_RASR_AP_RW | MPU_RASR_XN | UNCACHED},
    /* 4: AXI SRAM: tensor arena and frame buffers, cached; whoever shares a buffer with the DMA maintains the
     * cache (drivers/camera.c). */
    {0x24000000U, MPU_RASR_SIZE(19U) | MPU_RASR_AP_RW | MPU_RASR_XN | WRITE_BACK},
    /* 5: SRAM1 to SRAM3 (288 KB; the region has to be a power of two): CPU only, cached. */
    {0x30000000U, MPU_RASR_SIZE(19U) | MPU_RASR_AP_RW | MPU_RASR_XN | WRITE_BACK},
    /* 6: SRAM4: the record of the last fault, not cached, so that it is in memory when the watchdog bites. */
    {0x38000000U, MPU_RASR_SIZE(16U) | MPU_RASR_AP_RW | MPU_RASR_XN | UNCACHED},
    /* 7: below the stack: nobody's, so that a stack that grows too far faults at once. 256 bytes (stm32h743.ld). */
    {0x20000000U, MPU_RASR_SIZE(8U) | MPU_RASR_AP_NONE | MPU_RASR_XN | UNCACHED},
};

void mpu_enable(void) {
    core_dsb();
    MPU_CTRL = 0;
    for (uint32_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        MPU_RNR = i;
        MPU_RBAR = regions[i].base;
        MPU_RASR = regions[i].attributes | MPU_RASR_ENABLE;
    }
    MPU_CTRL = MPU_CTRL_ENABLE | MPU_CTRL_PRIVDEFENA;
    core_dsb();
    core_isb();
}
