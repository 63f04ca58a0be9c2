/* Micro-kernels: issue. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* Two independent adds issue together. */
    kernel pair_adds
    turns
    .rept 32
    add.w r3, r3, #1
    add.w r4, r4, #1
    .endr
    done

/* Dependent adds go one a cycle. */
    kernel chain_add
    turns
    .rept 32
    add.w r3, r3, #1
    .endr
    done

/* An early add feeds a late operation in the same cycle. */
    kernel early_feeds_late
    turns
    .rept 32
    add.w r3, r4, #1
    eor.w r5, r3, r6
    .endr
    done

/* Movw and movt of one register issue together. */
    kernel movw_movt
    turns
    .rept 32
    movw r3, #1
    movt r3, #2
    .endr
    done

/* An early add is an address in the next cycle. */
    kernel early_to_address
    mov r4, r1
    turns
    .rept 32
    add.w r3, r4, #0
    nop.w
    ldr.w r5, [r3]
    nop.w
    .endr
    done

/* A late result is an address one cycle later. */
    kernel late_to_address
    mov r4, r1
    mov r6, #0
    turns
    .rept 32
    eor.w r3, r4, r6
    nop.w
    ldr.w r5, [r3]
    nop.w
    .endr
    done

/* A shifted operand is needed a cycle early. */
    kernel chain_shifted
    turns
    .rept 32
    add.w r3, r4, r3, lsl #1
    .endr
    done

/* The operand beside the shifted one is not. */
    kernel chain_beside_shifted
    turns
    .rept 32
    add.w r3, r3, r4, lsl #1
    .endr
    done

/* Two inline shifts do not pair. */
    kernel two_shifted
    turns
    .rept 32
    add.w r3, r4, r5, lsl #1
    add.w r6, r7, r8, lsl #1
    .endr
    done

/* Two plain shifts pair. */
    kernel two_shifts
    turns
    .rept 32
    lsl.w r3, r4, #1
    lsr.w r5, r6, #1
    .endr
    done

/* An inline shift pairs with a younger plain shift. */
    kernel shifted_then_shift
    turns
    .rept 32
    add.w r3, r4, r5, ror #8
    lsr.w r6, r7, #1
    .endr
    done

/* Two shifted constants do not pair. */
    kernel two_shifted_constants
    turns
    .rept 32
    eor.w r3, r4, #0x1fc0
    eor.w r5, r6, #0x1fc0
    .endr
    done

/* Two constant patterns pair. */
    kernel two_patterns
    turns
    .rept 32
    eor.w r3, r4, #0x1b1b1b1b
    eor.w r5, r6, #0x1b1b1b1b
    .endr
    done

/* It takes a slot, a predicated-out instruction takes its own. */
    kernel predicated
    movs r4, #1
    turns
    .rept 32
    it eq
    addeq r3, r3, #1
    .endr
    done

/* A divide takes 7 cycles alone. */
    kernel divide
    mov r4, #100
    mov r5, #3
    turns
    .rept 16
    udiv r3, r4, r5
    .endr
    done
