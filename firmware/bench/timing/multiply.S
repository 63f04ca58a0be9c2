/* Micro-kernels: multiply. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* Multiplies go one a cycle. */
    kernel two_multiplies
    turns
    .rept 32
    mul r3, r4, r5
    mul r6, r7, r8
    .endr
    done

/* A product is a factor two cycles later. */
    kernel chain_multiply
    turns
    .rept 32
    mul r3, r3, r4
    .endr
    done

/* Accumulators chain every cycle. */
    kernel chain_accumulate
    turns
    .rept 32
    smlad r3, r4, r5, r3
    .endr
    done

/* A multiply pairs with an add. */
    kernel accumulate_and_add
    turns
    .rept 32
    smlad r3, r4, r5, r3
    add.w r6, r6, #1
    .endr
    done

/* A multiply pairs with a DSP operation. */
    kernel pack_and_accumulate
    turns
    .rept 32
    pkhbt r6, r7, r8, lsl #16
    smlad r3, r4, r5, r3
    .endr
    done

/* A multiply does not pair with a store. */
    kernel multiply_and_store
    turns
    .rept 32
    mul r3, r4, r5
    str.w r6, [r1]
    .endr
    done

/* A word just loaded is no factor in the next cycle. */
    kernel load_to_factor
    turns
    .rept 32
    ldr.w r3, [r1]
    mul r4, r3, r5
    .endr
    done

/* But an accumulator in the same one. */
    kernel load_to_accumulator
    turns
    .rept 32
    ldr.w r3, [r1]
    mla r4, r5, r6, r3
    .endr
    done

/* Loads in pairs and a smlad: the inner product. */
    kernel two_loads_smlad
    turns
    .rept 32
    ldr.w r3, [r1]
    ldr.w r4, [r1, #4]
    smlad r5, r6, r7, r5
    eor.w r8, r9, r10
    .endr
    done
