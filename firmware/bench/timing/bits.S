/* Micro-kernels: bits. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* Bit-field and DSP operations go one a cycle. */
    kernel two_dsp
    turns
    .rept 32
    uxtb16 r3, r4
    uadd8 r5, r6, r7
    .endr
    done

/* One in the older slot pairs with an add. */
    kernel dsp_and_add
    turns
    .rept 32
    uadd8 r3, r4, r5
    add.w r6, r6, #1
    .endr
    done

/* An extracted operand is needed a cycle early. */
    kernel chain_extract
    turns
    .rept 32
    sxtah r3, r4, r3
    .endr
    done

/* The operand beside the extracted one is not. */
    kernel chain_beside_extract
    turns
    .rept 32
    sxtah r3, r3, r4
    .endr
    done

/* A bit field does not pair with an inline shift. */
    kernel field_with_shifted
    turns
    .rept 32
    ubfx r3, r4, #1, #8
    add.w r5, r6, r7, lsl #1
    .endr
    done

/* A DSP result is an address one cycle later. */
    kernel dsp_to_address
    mov r4, #4
    turns
    .rept 32
    uxtb.w r3, r4
    nop.w
    ldr.w r5, [r1, r3]
    nop.w
    .endr
    done

/* Rev feeds a late operation in the same cycle. */
    kernel reverse_feeds_late
    turns
    .rept 32
    rev.w r3, r4
    eor.w r5, r3, r6
    .endr
    done
