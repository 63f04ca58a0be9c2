/*
 * Cortex-M7 core peripherals (ARM DDI 0403E, "ARMv7-M Architecture Reference Manual", part B; PM0253,
 * "STM32F7 and STM32H7 Cortex-M7 programming manual"): NVIC, SCB, SysTick, MPU, FPU, caches, DWT, and the
 * instructions that go with them.
 */
#ifndef CHIP_STM32H743_CORE_H
#define CHIP_STM32H743_CORE_H

#include "chip/stm32h743/mmio.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- Instructions (the "memory" clobber keeps the compiler from moving accesses across) ---- */

static inline void core_dsb(void) {
    __asm__ volatile("dsb 0xF" ::: "memory");
}

static inline void core_isb(void) {
    __asm__ volatile("isb 0xF" ::: "memory");
}

static inline void core_wfi(void) {
    __asm__ volatile("wfi" ::: "memory");
}

static inline void core_interrupts_off(void) {
    __asm__ volatile("cpsid i" ::: "memory");
}

static inline void core_interrupts_on(void) {
    __asm__ volatile("cpsie i" ::: "memory");
}

/* ---- SysTick, DDI 0403E B3.3 ---- */
#define SYST_CSR           MMIO32(0xE000E010U)
#define SYST_CSR_ENABLE    (1U << 0)
#define SYST_CSR_TICKINT   (1U << 1)
#define SYST_CSR_CLKSOURCE (1U << 2) /* the core clock */
#define SYST_RVR           MMIO32(0xE000E014U)
#define SYST_CVR           MMIO32(0xE000E018U)

/* ---- NVIC, DDI 0403E B3.4: interrupt n is bit n % 32 of word n / 32; priorities are bytes, of which the
 * STM32H743 implements the upper four bits (RM0433 section "Nested vectored interrupt controller") ---- */
#define NVIC_WORDS    5U /* 150 interrupts */
#define NVIC_ISER(w)  MMIO32(0xE000E100U + 4U * (w))
#define NVIC_ICER(w)  MMIO32(0xE000E180U + 4U * (w))
#define NVIC_ISPR(w)  MMIO32(0xE000E200U + 4U * (w))
#define NVIC_ICPR(w)  MMIO32(0xE000E280U + 4U * (w))
#define NVIC_IPR(w)   MMIO32(0xE000E400U + 4U * (w))
#define PRIORITY_BITS 4U

/* ---- System control block, DDI 0403E B3.2 ---- */
#define SCB_ICSR               MMIO32(0xE000ED04U)
#define SCB_ICSR_VECTACTIVE    0x1FFU
#define SCB_VTOR               MMIO32(0xE000ED08U)
#define SCB_CCR                MMIO32(0xE000ED14U)
#define SCB_CCR_DIV_0_TRP      (1U << 4)
#define SCB_CCR_DC             (1U << 16)
#define SCB_CCR_IC             (1U << 17)
#define SCB_SHPR3              MMIO32(0xE000ED20U)
#define SCB_SHPR3_SYSTICK      24U /* position of SysTick's priority byte */
#define SCB_SHCSR              MMIO32(0xE000ED24U)
#define SCB_SHCSR_MEMFAULTENA  (1U << 16)
#define SCB_SHCSR_BUSFAULTENA  (1U << 17)
#define SCB_SHCSR_USGFAULTENA  (1U << 18)
#define SCB_CFSR               MMIO32(0xE000ED28U)
#define SCB_CFSR_MMARVALID     (1U << 7)
#define SCB_CFSR_BFARVALID     (1U << 15)
#define SCB_HFSR               MMIO32(0xE000ED2CU)
#define SCB_MMFAR              MMIO32(0xE000ED34U)
#define SCB_BFAR               MMIO32(0xE000ED38U)
#define SCB_CCSIDR             MMIO32(0xE000ED80U)
#define SCB_CCSIDR_SETS(value) (((value) >> 13) & 0x7FFFU) /* number of sets - 1 */
#define SCB_CCSIDR_WAYS(value) (((value) >> 3) & 0x3FFU)   /* number of ways - 1 */
#define SCB_CSSELR             MMIO32(0xE000ED84U)
#define SCB_CSSELR_L1_DATA     0U
#define SCB_CPACR              MMIO32(0xE000ED88U)
#define SCB_CPACR_FPU_FULL     (0xFU << 20) /* CP10 and CP11 */

/* ---- Caches, DDI 0403E B3.2.5 and PM0253 4.8: write-only, by address unless said otherwise ---- */
#define SCB_ICIALLU   MMIO32(0xE000EF50U) /* all of the instruction cache */
#define SCB_DCIMVAC   MMIO32(0xE000EF5CU) /* invalidate the line of an address */
#define SCB_DCISW     MMIO32(0xE000EF60U) /* invalidate by set and way: way in [31:30], set in [13:5] */
#define SCB_DCCMVAC   MMIO32(0xE000EF68U) /* write the line of an address back */
#define CACHE_LINE    32U
#define DCISW_SET_POS 5U
#define DCISW_WAY_POS 30U

/* ---- FPU, DDI 0403E B3.2.21 ---- */
#define FPU_FPCCR MMIO32(0xE000EF34U)
#define FPU_FPCCR_LSPEN                                                                                      \
    (1U << 30) /* lazy stacking: FPU registers are saved when a handler first uses the FPU */
#define FPU_FPCCR_ASPEN (1U << 31)

/* ---- MPU, DDI 0403E B3.5 ---- */
#define MPU_CTRL            MMIO32(0xE000ED94U)
#define MPU_CTRL_ENABLE     (1U << 0)
#define MPU_CTRL_PRIVDEFENA (1U << 2) /* privileged code sees the default map outside all regions */
#define MPU_RNR             MMIO32(0xE000ED98U)
#define MPU_RBAR            MMIO32(0xE000ED9CU)
#define MPU_RASR            MMIO32(0xE000EDA0U)
#define MPU_RASR_ENABLE     (1U << 0)
#define MPU_RASR_SIZE(log2) (((log2) - 1U) << 1)
#define MPU_RASR_SRD(mask)  ((mask) << 8) /* a set bit leaves that eighth of the region out */
#define MPU_RASR_B          (1U << 16)
#define MPU_RASR_C          (1U << 17)
#define MPU_RASR_TEX(value) ((value) << 19)
#define MPU_RASR_AP_NONE    (0U << 24)
#define MPU_RASR_AP_RW      (3U << 24)
#define MPU_RASR_AP_RO      (6U << 24)
#define MPU_RASR_XN         (1U << 28)

/* ---- Debug and trace, DDI 0403E C1.6 and C1.8 ---- */
#define DEMCR              MMIO32(0xE000EDFCU)
#define DEMCR_TRCENA       (1U << 24)
#define DWT_CTRL           MMIO32(0xE0001000U)
#define DWT_CTRL_CYCCNTENA (1U << 0)
#define DWT_CYCCNT         MMIO32(0xE0001004U)
#define DWT_LAR            MMIO32(0xE0001FB0U)
#define DWT_LAR_UNLOCK     0xC5ACCE55U

/* ---- nvic.c ---- */

/* Interrupt numbers, RM0433 table "NVIC" (position column). */
#define IRQ_SPI1         35U
#define IRQ_USART3       39U
#define IRQ_DMA2_STREAM1 57U
#define IRQ_DCMI         78U

/* Priorities, 0 is the most urgent. Camera before display before console: pixels do not wait, and a display that does
 * costs time. */
#define PRIORITY_CAMERA  2U
#define PRIORITY_DISPLAY 4U
#define PRIORITY_CONSOLE 6U
#define PRIORITY_TICK    10U

void nvic_enable(uint32_t irq, uint32_t priority);

/* Have the handler run, also after a storm, and where the request itself was lost. */
void nvic_pend(uint32_t irq);

/* For handlers: an interrupt has come, with a cause or without. A thousand in a row without one, and its line is taken
 * for broken and switched off, since it would leave the core to nobody else: true then. nvic_enable ends that. */
bool nvic_is_storm(uint32_t irq, bool had_cause);
void nvic_disable_all(void);

#endif
