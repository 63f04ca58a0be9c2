/*
 * OV7670 registers (data sheet version 1.4, table 5 "Device Control Register List"): those this driver
 * touches.
 */
#ifndef DRIVERS_OV7670_REGISTERS_H
#define DRIVERS_OV7670_REGISTERS_H

#define OV7670_VREF  0x03U /* [3:2] low bits of VSTOP, [1:0] low bits of VSTRT */
#define OV7670_PID   0x0AU /* product id, high byte: 0x76 */
#define OV7670_VER   0x0BU /* product id, low byte: 0x73 */
#define OV7670_COM3  0x0CU /* common control 3 */
#define OV7670_CLKRC 0x11U /* internal clock */
#define OV7670_COM7  0x12U /* common control 7 */
#define OV7670_COM8  0x13U /* common control 8 */
#define OV7670_COM9  0x14U /* common control 9 */
#define OV7670_COM10 0x15U /* common control 10 */

#define OV7670_HSTART 0x17U /* line start, bits [10:3] */
#define OV7670_HSTOP  0x18U /* line end, bits [10:3] */
#define OV7670_VSTRT  0x19U /* frame start, bits [9:2] */
#define OV7670_VSTOP  0x1AU /* frame end, bits [9:2] */

#define OV7670_AEW 0x24U /* AGC/AEC stable region, upper limit */
#define OV7670_AEB 0x25U /* AGC/AEC stable region, lower limit */
#define OV7670_VPT 0x26U /* AGC/AEC fast mode region */

#define OV7670_HREF  0x32U /* [5:3] low bits of HSTOP, [2:0] low bits of HSTART */
#define OV7670_TSLB  0x3AU /* line buffer test option */
#define OV7670_COM13 0x3DU /* common control 13 */
#define OV7670_COM14 0x3EU /* common control 14 */
#define OV7670_COM15 0x40U /* common control 15 */
#define OV7670_COM16 0x41U /* common control 16 */

#define OV7670_MTX1 0x4FU /* colour matrix coefficients 1 to 6: MTX1 .. 0x54 */
#define OV7670_MTX2 0x50U
#define OV7670_MTX3 0x51U
#define OV7670_MTX4 0x52U
#define OV7670_MTX5 0x53U
#define OV7670_MTX6 0x54U
#define OV7670_MTXS 0x58U /* their signs */

#define OV7670_DBLV 0x6BU /* [7:6] PLL, [4] regulator bypass */

#define OV7670_SCALING_XSC        0x70U /* [6:0] horizontal scale, [7] test pattern bit 0 */
#define OV7670_SCALING_YSC        0x71U /* [6:0] vertical scale, [7] test pattern bit 1 */
#define OV7670_SCALING_DCWCTR     0x72U /* down-sampling ratios */
#define OV7670_SCALING_PCLK_DIV   0x73U /* pixel clock divider of the scaled output */
#define OV7670_RGB444             0x8CU /* RGB444 mode */
#define OV7670_SCALING_PCLK_DELAY 0xA2U /* scaled output delay */
#define OV7670_RESERVED_B0        0xB0U /* not in the data sheet, see ov7670.c */

#define OV7670_COM3_SWAP (1U << 6) /* output data: low byte first */
#define OV7670_COM3_DCW  (1U << 2) /* down-sampling, cropping and windowing on */

#define OV7670_CLKRC_RESERVED (1U << 7) /* 1 after reset */
#define OV7670_CLKRC_DIRECT   (1U << 6) /* use the external clock directly, no prescaler */

#define OV7670_COM7_RESET (1U << 7) /* all registers to their defaults; clears itself */
#define OV7670_COM7_QVGA  (1U << 4)
#define OV7670_COM7_RGB   (1U << 2)

#define OV7670_COM8_FAST_AEC (1U << 7)
#define OV7670_COM8_STEP     (1U << 6) /* AEC step size unlimited */
#define OV7670_COM8_BANDING  (1U << 5)
#define OV7670_COM8_AGC      (1U << 2)
#define OV7670_COM8_AWB      (1U << 1)
#define OV7670_COM8_AEC      (1U << 0)

#define OV7670_COM9_CEILING_8X (2U << 4)
#define OV7670_COM9_RESERVED   0x0AU /* reset value of bits [3:0] */

#define OV7670_COM13_GAMMA   (1U << 7)
#define OV7670_COM13_UV_SAT  (1U << 6)
#define OV7670_COM13_DEFAULT 0x08U /* reserved bit 3, 1 after reset */

#define OV7670_COM14_DCW_PCLK (1U << 4) /* SCALING_PCLK_DIV controls the output clock */
#define OV7670_COM14_MANUAL   (1U << 3) /* manual scaling for predefined formats */
#define OV7670_COM14_DIV2     (1U << 0) /* output clock divided by 2 */

#define OV7670_COM15_FULL_RANGE (3U << 6) /* output 0x00 to 0xFF */
#define OV7670_COM15_RGB565     (1U << 4)

#define OV7670_COM16_AWB_GAIN (1U << 3)

#define OV7670_TSLB_RESERVED (1U << 2) /* reset value 0x0D has it set; 0x04 turns the auto window off */

#define OV7670_DBLV_PLL_BYPASS (0U << 6)
#define OV7670_DBLV_RESERVED   0x0AU /* reset value of bits [3:0] */

#endif
