/*
 * Vector table of the STM32H743 (RM0433 rev 8, table "NVIC", 150 interrupts behind the 16 of the core). Every
 * entry is weak and ends in default_handler; a driver takes one over by defining a function of that name.
 */
#include "chip/stm32h743/startup.h"

#include <stdint.h>

/* X(position, name): _irq_handler is appended to the name. Positions left out are reserved. */
#define INTERRUPTS(X)                                                                                        \
    X(0, wwdg1)                                                                                              \
    X(1, pvd_avd)                                                                                            \
    X(2, tamp_stamp)                                                                                         \
    X(3, rtc_wkup)                                                                                           \
    X(4, flash)                                                                                              \
    X(5, rcc)                                                                                                \
    X(6, exti0)                                                                                              \
    X(7, exti1)                                                                                              \
    X(8, exti2)                                                                                              \
    X(9, exti3)                                                                                              \
    X(10, exti4)                                                                                             \
    X(11, dma1_stream0)                                                                                      \
    X(12, dma1_stream1)                                                                                      \
    X(13, dma1_stream2)                                                                                      \
    X(14, dma1_stream3)                                                                                      \
    X(15, dma1_stream4)                                                                                      \
    X(16, dma1_stream5)                                                                                      \
    X(17, dma1_stream6)                                                                                      \
    X(18, adc1_2)                                                                                            \
    X(19, fdcan1_it0)                                                                                        \
    X(20, fdcan2_it0)                                                                                        \
    X(21, fdcan1_it1)                                                                                        \
    X(22, fdcan2_it1)                                                                                        \
    X(23, exti9_5)                                                                                           \
    X(24, tim1_brk)                                                                                          \
    X(25, tim1_up)                                                                                           \
    X(26, tim1_trg_com)                                                                                      \
    X(27, tim1_cc)                                                                                           \
    X(28, tim2)                                                                                              \
    X(29, tim3)                                                                                              \
    X(30, tim4)                                                                                              \
    X(31, i2c1_ev)                                                                                           \
    X(32, i2c1_er)                                                                                           \
    X(33, i2c2_ev)                                                                                           \
    X(34, i2c2_er)                                                                                           \
    X(35, spi1)                                                                                              \
    X(36, spi2)                                                                                              \
    X(37, usart1)                                                                                            \
    X(38, usart2)                                                                                            \
    X(39, usart3)                                                                                            \
    X(40, exti15_10)                                                                                         \
    X(41, rtc_alarm)                                                                                         \
    X(43, tim8_brk_tim12)                                                                                    \
    X(44, tim8_up_tim13)                                                                                     \
    X(45, tim8_trg_com_tim14)                                                                                \
    X(46, tim8_cc)                                                                                           \
    X(47, dma1_stream7)                                                                                      \
    X(48, fmc)                                                                                               \
    X(49, sdmmc1)                                                                                            \
    X(50, tim5)                                                                                              \
    X(51, spi3)                                                                                              \
    X(52, uart4)                                                                                             \
    X(53, uart5)                                                                                             \
    X(54, tim6_dac)                                                                                          \
    X(55, tim7)                                                                                              \
    X(56, dma2_stream0)                                                                                      \
    X(57, dma2_stream1)                                                                                      \
    X(58, dma2_stream2)                                                                                      \
    X(59, dma2_stream3)                                                                                      \
    X(60, dma2_stream4)                                                                                      \
    X(61, eth)                                                                                               \
    X(62, eth_wkup)                                                                                          \
    X(63, fdcan_cal)                                                                                         \
    X(68, dma2_stream5)                                                                                      \
    X(69, dma2_stream6)                                                                                      \
    X(70, dma2_stream7)                                                                                      \
    X(71, usart6)                                                                                            \
    X(72, i2c3_ev)                                                                                           \
    X(73, i2c3_er)                                                                                           \
    X(74, otg_hs_ep1_out)                                                                                    \
    X(75, otg_hs_ep1_in)                                                                                     \
    X(76, otg_hs_wkup)                                                                                       \
    X(77, otg_hs)                                                                                            \
    X(78, dcmi)                                                                                              \
    X(79, cryp)                                                                                              \
    X(80, hash_rng)                                                                                          \
    X(81, fpu)                                                                                               \
    X(82, uart7)                                                                                             \
    X(83, uart8)                                                                                             \
    X(84, spi4)                                                                                              \
    X(85, spi5)                                                                                              \
    X(86, spi6)                                                                                              \
    X(87, sai1)                                                                                              \
    X(88, ltdc)                                                                                              \
    X(89, ltdc_er)                                                                                           \
    X(90, dma2d)                                                                                             \
    X(91, sai2)                                                                                              \
    X(92, quadspi)                                                                                           \
    X(93, lptim1)                                                                                            \
    X(94, cec)                                                                                               \
    X(95, i2c4_ev)                                                                                           \
    X(96, i2c4_er)                                                                                           \
    X(97, spdif)                                                                                             \
    X(98, otg_fs_ep1_out)                                                                                    \
    X(99, otg_fs_ep1_in)                                                                                     \
    X(100, otg_fs_wkup)                                                                                      \
    X(101, otg_fs)                                                                                           \
    X(102, dmamux1_ov)                                                                                       \
    X(103, hrtim1_mst)                                                                                       \
    X(104, hrtim1_tima)                                                                                      \
    X(105, hrtim1_timb)                                                                                      \
    X(106, hrtim1_timc)                                                                                      \
    X(107, hrtim1_timd)                                                                                      \
    X(108, hrtim1_time)                                                                                      \
    X(109, hrtim1_flt)                                                                                       \
    X(110, dfsdm1_flt0)                                                                                      \
    X(111, dfsdm1_flt1)                                                                                      \
    X(112, dfsdm1_flt2)                                                                                      \
    X(113, dfsdm1_flt3)                                                                                      \
    X(114, sai3)                                                                                             \
    X(115, swpmi1)                                                                                           \
    X(116, tim15)                                                                                            \
    X(117, tim16)                                                                                            \
    X(118, tim17)                                                                                            \
    X(119, mdios_wkup)                                                                                       \
    X(120, mdios)                                                                                            \
    X(121, jpeg)                                                                                             \
    X(122, mdma)                                                                                             \
    X(124, sdmmc2)                                                                                           \
    X(125, hsem0)                                                                                            \
    X(127, adc3)                                                                                             \
    X(128, dmamux2_ovr)                                                                                      \
    X(129, bdma_ch0)                                                                                         \
    X(130, bdma_ch1)                                                                                         \
    X(131, bdma_ch2)                                                                                         \
    X(132, bdma_ch3)                                                                                         \
    X(133, bdma_ch4)                                                                                         \
    X(134, bdma_ch5)                                                                                         \
    X(135, bdma_ch6)                                                                                         \
    X(136, bdma_ch7)                                                                                         \
    X(137, comp)                                                                                             \
    X(138, lptim2)                                                                                           \
    X(139, lptim3)                                                                                           \
    X(140, lptim4)                                                                                           \
    X(141, lptim5)                                                                                           \
    X(142, lpuart)                                                                                           \
    X(143, wwdg1_rst)                                                                                        \
    X(144, crs)                                                                                              \
    X(145, ramecc)                                                                                           \
    X(146, sai4)                                                                                             \
    X(149, wkup)

#define IRQ_COUNT 150U

#define WEAK __attribute__((weak, alias("unhandled")))

/* An alias needs its target in the same file. */
__attribute__((used)) static void unhandled(void) {
    default_handler();
}

#define DECLARE(position, name) void name##_irq_handler(void) WEAK;
INTERRUPTS(DECLARE)

void nmi_handler(void) WEAK;
void svcall_handler(void) WEAK;
void debug_monitor_handler(void) WEAK;
void pendsv_handler(void) WEAK;
void systick_handler(void) WEAK;

typedef void (*handler_t)(void);

typedef struct vector_table {
    const uint32_t *initial_stack;
    handler_t core[15];
    handler_t irq[IRQ_COUNT];
} vector_table_t;

#define ENTRY(position, name) [position] = name##_irq_handler,

/* Reserved positions are 0: taking one is a fault. */
__attribute__((section(".vectors"), used)) const vector_table_t vector_table = {
    .initial_stack = &stack_top,
    .core = {reset_handler, nmi_handler, fault_handler, fault_handler, fault_handler, fault_handler, 0, 0, 0,
             0, svcall_handler, debug_monitor_handler, 0, pendsv_handler, systick_handler},
    .irq = {INTERRUPTS(ENTRY)},
};
