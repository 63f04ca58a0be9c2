/*
 * From reset to main. The core has loaded SP and PC from the vector table in flash and runs on HSI (64 MHz),
 * caches and FPU off (RM0433 rev 8, section 2.6 "Boot configuration"; DDI 0403E B1.5.5 "Reset behavior").
 */
#include "chip/stm32h743/startup.h"

#include "chip/stm32h743/core.h"
#include "chip/stm32h743/rcc.h"

#define OWN_FRAME_WORDS 64

static void copy_words(uint32_t *to, const uint32_t *end, const uint32_t *from) {
    while (to < end) {
        *to++ = *from++;
    }
}

static void fill_words(uint32_t *to, const uint32_t *end, uint32_t value) {
    while (to < end) {
        *to++ = value;
    }
}

static void enable_fpu(void) {
    SCB_CPACR |= SCB_CPACR_FPU_FULL;
    /* Both bits are set after reset; the interrupt latency of this firmware rests on them, so it says so. */
    FPU_FPCCR |= FPU_FPCCR_ASPEN | FPU_FPCCR_LSPEN;
    core_dsb();
    core_isb();
}

extern const uint32_t vector_table;

void reset_handler(void) {
    core_interrupts_off();
    SCB_VTOR = (uint32_t)(uintptr_t)&vector_table; /* also when a boot loader came first */
    enable_fpu();                                  /* before any code a compiler may use FPU registers in */

    /* Domain D2's SRAMs are clocked on demand; SRAM4 and the rest always are. */
    RCC_AHB2ENR |= RCC_AHB2ENR_SRAM1EN | RCC_AHB2ENR_SRAM2EN | RCC_AHB2ENR_SRAM3EN;
    (void)RCC_AHB2ENR;

    copy_words(&itcm_start, &itcm_end, &itcm_image);
    copy_words(&data_start, &data_end, &data_image);
    fill_words(&bss_start, &bss_end, 0);
    /* These sections ask for no initial value, but RAM has ECC: a byte written to a word that was never
     * written whole since power-on reads back as an ECC error (AN5342 "Error correction code management"). */
    fill_words(&axi_start, &axi_end, 0);
    fill_words(&ram_d2_start, &ram_d2_end, 0);

    /* All of the stack below what this function may use; platform_stack_used looks how far the paint
     * survived. */
    fill_words(&stack_bottom, (uint32_t *)__builtin_frame_address(0) - OWN_FRAME_WORDS, STACK_PAINT);

    core_dsb();
    core_isb(); /* code in ITCM is new */

    SCB_SHCSR |= SCB_SHCSR_MEMFAULTENA | SCB_SHCSR_BUSFAULTENA | SCB_SHCSR_USGFAULTENA;
    SCB_CCR |= SCB_CCR_DIV_0_TRP;
    core_interrupts_on();

    (void)main();
    default_handler(); /* main does not return */
}
