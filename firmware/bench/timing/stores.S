/* Micro-kernels: stores. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* Two stores do not pair. */
    kernel two_stores
    turns
    .rept 32
    str.w r3, [r1]
    str.w r4, [r1, #4]
    .endr
    done

/* A load and a store pair. */
    kernel load_and_store
    turns
    .rept 32
    ldr.w r3, [r1]
    str.w r4, [r2]
    .endr
    done

/* Even when the load's result is stored. */
    kernel store_what_was_loaded
    turns
    .rept 32
    ldrb.w r3, [r1]
    str.w r3, [r1, #4]
    .endr
    done

/* Byte stores into one bank, with ECC. */
    kernel store_bytes_one_bank
    turns
    .rept 64
    strb.w r3, [r1]
    .endr
    done

/* Byte stores into alternate banks: two cycles each. */
    kernel store_bytes_two_banks
    turns
    .rept 64
    strb.w r3, [r1]
    strb.w r3, [r1, #4]
    .endr
    done

/* Byte stores in a row. */
    kernel store_bytes_in_a_row
    turns
    .rept 64
    strb.w r3, [r1], #1
    .endr
    done

/* Halfword stores in a row. */
    kernel store_halves_in_a_row
    turns
    .rept 64
    strh.w r3, [r1], #2
    .endr
    done

/* Unaligned stores one after the other. */
    kernel store_unaligned
    turns
    .rept 64
    str.w r3, [r1, #1]
    .endr
    done

/* Byte stores where there is no ECC. */
    kernel store_bytes_no_ecc
    turns
    .rept 64
    strb.w r3, [r1]
    .endr
    done

/* Eight registers take four cycles. */
    kernel store_multiple
    kernel store_multiple_cached
    turns
    .rept 32
    stm.w r1, {r3-r10}
    .endr
    done
