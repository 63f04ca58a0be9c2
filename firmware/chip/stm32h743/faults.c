/*
 * Fault handlers (DDI 0403E B1.5.14 "Fault behavior", B3.2.15 "CFSR"): say what happened on the UART without
 * interrupts or buffers, keep it for the next boot, and wait for the watchdog.
 */
#include "chip/stm32h743/faults.h"

#include "chip/stm32h743/core.h"
#include "chip/stm32h743/startup.h"
#include "chip/stm32h743/usart.h"
#include "lib/errors.h"

#define RECORD_MAGIC 0xFA017C0DU
#define DTCM_END     0x20020000U

#define VECTOR_HARD_FAULT  3U
#define VECTOR_MEM_MANAGE  4U
#define VECTOR_BUS_FAULT   5U
#define VECTOR_USAGE_FAULT 6U
#define VECTOR_IRQ0        16U

/* What the core pushes on an exception. */
typedef struct stacked {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} stacked_t;

typedef struct record {
    uint32_t magic, vector, pc, lr, xpsr, cfsr, hfsr, mmfar, bfar;
    uint32_t check; /* sum of the above: RAM after power-on holds anything */
} record_t;

__attribute__((section(".ram_d3"))) static volatile record_t last;

static uint32_t checksum(void) {
    return last.magic + last.vector + last.pc + last.lr + last.xpsr + last.cfsr + last.hfsr + last.mmfar +
           last.bfar;
}

static const char *kind(uint32_t vector) {
    switch (vector) {
    case VECTOR_MEM_MANAGE:
        return "memory protection fault";
    case VECTOR_BUS_FAULT:
        return "bus fault";
    case VECTOR_USAGE_FAULT:
        return "usage fault";
    default:
        return "hard fault";
    }
}

static void append_value(text_t *text, const char *name, uint32_t value) {
    text_string(text, name);
    text_hex(text, value, 8);
}

static void append_record(text_t *text) {
    text_string(text, kind(last.vector));
    append_value(text, " (PC=", last.pc);
    append_value(text, " LR=", last.lr);
    append_value(text, " xPSR=", last.xpsr);
    append_value(text, " CFSR=", last.cfsr);
    append_value(text, " HFSR=", last.hfsr);
    append_value(text, " MMFAR=", last.mmfar);
    append_value(text, " BFAR=", last.bfar);
    text_char(text, ')');
}

bool faults_take_last(text_t *text) {
    if (last.magic != RECORD_MAGIC || last.check != checksum()) {
        return false;
    }
    append_record(text);
    last.magic = 0;
    return true;
}

/* Print what is left of the buffered output and then `line`; nothing else runs any more. */
static void last_words(const char *line) {
    usart_polled_drain();
    usart_polled_string("\r\n");
    usart_polled_string(line);
    usart_polled_string("\r\n");
}

/* Asleep, with everything off that could wake the core, until the watchdog resets the chip. */
__attribute__((noreturn)) static void wait_for_watchdog(void) {
    SYST_CSR = 0;
    nvic_disable_all();
    for (;;) {
        core_dsb();
        core_wfi();
    }
}

__attribute__((noreturn, used)) void fault_report(const stacked_t *frame);
void fault_report(const stacked_t *frame) {
    core_interrupts_off();
    const uintptr_t address = (uintptr_t)frame;
    /* A stack that ran into its guard was not stacked to, and must not be read: PC, LR and xPSR stay 0 then. */
    const bool readable = address >= (uintptr_t)&stack_bottom && address <= DTCM_END - sizeof *frame;
    last.vector = SCB_ICSR & SCB_ICSR_VECTACTIVE;
    last.pc = readable ? frame->pc : 0U;
    last.lr = readable ? frame->lr : 0U;
    last.xpsr = readable ? frame->xpsr : 0U;
    last.cfsr = SCB_CFSR;
    last.hfsr = SCB_HFSR;
    last.mmfar = (last.cfsr & SCB_CFSR_MMARVALID) != 0U ? SCB_MMFAR : 0U;
    last.bfar = (last.cfsr & SCB_CFSR_BFARVALID) != 0U ? SCB_BFAR : 0U;
    last.magic = RECORD_MAGIC;
    last.check = checksum();

    char buffer[192];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, ERROR_HARDFAULT);
    text_string(&line, ": ");
    append_record(&line);
    last_words(buffer);
    wait_for_watchdog();
}

/* On a stack of its own, since the fault may be that there is none left. EXC_RETURN bit 2 tells which stack
 * the core pushed to. */
__attribute__((naked)) void fault_handler(void) {
    __asm__ volatile("tst lr, #4 \n"
                     "ite eq \n"
                     "mrseq r0, msp \n"
                     "mrsne r0, psp \n"
                     "movw r1, #:lower16:fault_stack_top \n"
                     "movt r1, #:upper16:fault_stack_top \n"
                     "msr msp, r1 \n"
                     "b fault_report \n");
}

/* An exception or interrupt nobody handles. */
void default_handler(void) {
    core_interrupts_off();
    const uint32_t vector = SCB_ICSR & SCB_ICSR_VECTACTIVE;
    char buffer[64];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, vector >= VECTOR_IRQ0 ? ERROR_IRQ : ERROR_EXCEPTION);
    text_string(&line, " (number ");
    text_unsigned(&line, vector >= VECTOR_IRQ0 ? vector - VECTOR_IRQ0 : vector, 0);
    text_char(&line, ')');
    last_words(buffer);
    wait_for_watchdog();
}
