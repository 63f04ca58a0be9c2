/* Micro-kernels: branches. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* A predicted loop of two instructions turns once a cycle. */
    kernel loop_of_two
    .balign 32
98: subs.w r0, r0, #1
    bne.w 98b
    wfi

/* A predicted loop of twenty wide instructions, one of them the branch, turns in ten cycles. */
    kernel loop_of_twenty
    .balign 32
98: .rept 18
    add.w r3, r4, #1
    .endr
    subs.w r0, r0, #1
    bne.w 98b
    wfi

/* A branch not taken pairs with the instruction behind it. */
    kernel not_taken
    movs r4, #1
    turns
    .rept 16
    cmp.w r4, #0
    add.w r3, r5, #1
    beq.w 97f
    add.w r6, r5, #1
    .endr
    done
97: wfi

/* A branch taken and predicted costs its slot. */
    kernel taken
    turns
    .rept 16
    add.w r3, r4, #1
    b.w 97f
    .balign 16
97:
    .endr
    done

/* A loop's end that the predictor does not foresee: 8 cycles beyond the 8 of the loop and the 2 around it. */
    kernel mispredicted_late_flags
    turns
    movs.w r3, #8
    nop.w
96: subs.w r3, r3, #1
    bne.w 96b
    done

/* The same with the flags set early: 6 beyond 8 turns of 4 cycles and the 2 around them. */
    kernel mispredicted_early_flags
    turns
    movs.w r3, #8
    nop.w
96: subs.w r3, r3, #1
    nop.w
    nop.w
    nop.w
    nop.w
    nop.w
    nop.w
    bne.w 96b
    done

/* Calls and returns to one place are predicted: bl and bx, and what they pair with. */
    kernel call_and_return
    turns
    .rept 1
    add.w r3, r4, #1
    bl 95f
    .endr
    done
    .balign 16
95: add.w r3, r4, #1
    bx lr

/* A return out of a load to where no call came from: the return stack cannot foresee it. */
    kernel mispredicted_load
    adr.w r4, 94f
    adds.w r4, r4, #1
    turns
    push {r3, r4}
    pop {r3, pc}
    .balign 16
94:
    done

/* The same out of a register. */
    kernel mispredicted_register
    adr.w r14, 93f
    adds.w r14, r14, #1
    turns
    push {r3, r4}
    bx r14
    .balign 16
93: pop {r3, r4}
    done
