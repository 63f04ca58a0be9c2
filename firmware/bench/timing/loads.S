/* Micro-kernels: loads. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* Loads of an even and an odd word pair. */
    kernel load_two_banks
    turns
    .rept 32
    ldr.w r3, [r1]
    ldr.w r4, [r1, #4]
    .endr
    done

/* Loads from one bank do not. */
    kernel load_one_bank
    turns
    .rept 32
    ldr.w r3, [r1]
    ldr.w r4, [r1, #8]
    .endr
    done

/* Two pointers into different banks. */
    kernel load_two_pointers
    add r2, r1, #68
    turns
    .rept 32
    ldr.w r3, [r1]
    ldr.w r4, [r2]
    .endr
    done

/* Two pointers into one bank. */
    kernel load_two_pointers_one_bank
    add r2, r1, #64
    turns
    .rept 32
    ldr.w r3, [r1]
    ldr.w r4, [r2]
    .endr
    done

/* A loaded word feeds a late operation in the next cycle. */
    kernel load_to_late
    turns
    .rept 32
    ldr.w r3, [r1]
    eor.w r4, r3, r5
    .endr
    done

/* But a shifted operand one later. */
    kernel load_to_shifted
    turns
    .rept 32
    ldr.w r3, [r1]
    eor.w r4, r5, r3, lsl #1
    .endr
    done

/* A loaded byte comes one cycle later. */
    kernel load_byte_to_late
    turns
    .rept 32
    ldrb.w r3, [r1]
    eor.w r4, r3, r5
    .endr
    done

/* A loaded word is an address two cycles later. */
    kernel chase_pointer
    str r1, [r1]
    turns
    .rept 32
    ldr.w r1, [r1]
    .endr
    done

/* Post-indexed loads go back to back. */
    kernel load_updating
    add r2, r1, #68
    turns
    .rept 32
    ldr.w r3, [r1], #4
    ldr.w r4, [r2], #4
    .endr
    done

/* An unaligned load costs 3 cycles more. */
    kernel load_unaligned
    turns
    .rept 32
    ldr.w r3, [r1, #1]
    nop.w
    .endr
    done

/* Eight registers take four cycles. */
    kernel load_multiple
    turns
    .rept 32
    ldm.w r1, {r3-r10}
    .endr
    done

/* Ldrd takes one cycle, alone. */
    kernel load_double
    turns
    .rept 32
    ldrd r3, r4, [r1]
    .endr
    done

/* Push and pop of four registers, two cycles each. */
    kernel pop_push
    turns
    .rept 32
    push.w {r4-r7}
    pop.w {r4-r7}
    .endr
    done
