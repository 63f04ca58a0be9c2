/* Recursion, tail calls, nested interrupts and threads, each instruction counted by hand in test_profile_stacks.py. */
    .syntax unified
    .cpu cortex-m7
    .thumb

.macro function name
    .section .text.\name, "ax"
    .global \name
    .type \name, %function
    .thumb_func
\name:
.endm

.macro ends name
    .size \name, . - \name
.endm

    .section .vectors, "a"
    .word stack_top
    .word reset_handler
    .word 0, 0, 0, 0, 0, 0, 0, 0, 0
    .word 0
    .word 0, 0
    .word 0
    .word 0
    .word low_handler
    .word high_handler

function reset_handler
    ldr r4, =0xE000E100         /* NVIC_ISER0 */
    movs r0, #3
    str r0, [r4]
    ldr r5, =0xE000E400         /* NVIC_IPR0: interrupt 0 at 0x80, 1 at 0x40 */
    ldr r0, =0x4080
    str r0, [r5]
    bl first
    bl again
    ldr r0, =finished
    movs r1, #1
    str r1, [r0]
    wfi
    b .
    .ltorg
ends reset_handler

function first
    push {r4, lr}
    movs r0, #2
    bl recurse
    bl tail
    pop {r4, pc}
ends first

function recurse
    cbz r0, 1f
    push {r4, lr}
    subs r0, #1
    bl recurse
    pop {r4, pc}
1:  bx lr
ends recurse

function tail
    movs r1, #1
    b.w worker
ends tail

function worker
    ldr r2, =0xE000E200         /* NVIC_ISPR0 */
    str r1, [r2]
    b 1f
1:  nop
    bx lr
    .ltorg
ends worker

function again
    push {r4, lr}
    movs r1, #1
    ldr r3, =worker
    blx r3
    ldr r3, =worker
    movs r1, #2
    mov lr, pc                  /* a tail call by pointer would not come back: this one is called by hand */
    pop {r4, lr}
    bx r3
    .ltorg
ends again

function low_handler
    push {r4, lr}
    bl pend_high
    pop {r4, pc}
ends low_handler

function pend_high
    movs r1, #2
    ldr r2, =0xE000E200
    str r1, [r2]
    b 1f
1:  nop
    bx lr
    .ltorg
ends pend_high

function high_handler
    push {r4, r5, r6, lr}
    nop
    pop {r4, r5, r6, pc}
ends high_handler

    .section .bss, "aw", %nobits
    .global finished
    .type finished, %object
finished:
    .space 4
    .size finished, 4
