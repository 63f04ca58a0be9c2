/* Micro-kernels: floats. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* FP additions go one a cycle. */
    kernel float_add
    turns
    .rept 32
    vadd.f32 s0, s1, s2
    .endr
    done

/* FP arithmetic does not pair. */
    kernel float_two
    turns
    .rept 32
    vadd.f32 s0, s1, s2
    vmul.f32 s3, s4, s5
    .endr
    done

/* FP and integer arithmetic pair. */
    kernel float_and_add
    turns
    .rept 32
    vadd.f32 s0, s1, s2
    add.w r3, r3, #1
    .endr
    done

/* An FP result is an operand three cycles later. */
    kernel chain_float_add
    turns
    .rept 32
    vadd.f32 s0, s0, s1
    .endr
    done

/* Also of multiplications. */
    kernel chain_float_multiply
    turns
    .rept 32
    vmul.f32 s0, s0, s1
    .endr
    done

/* Fused accumulators chain every three cycles. */
    kernel chain_fused_accumulator
    turns
    .rept 32
    vfma.f32 s0, s1, s2
    .endr
    done

/* Three of them keep it busy. */
    kernel fused_three_accumulators
    turns
    .rept 32
    vfma.f32 s0, s1, s2
    vfma.f32 s3, s1, s2
    vfma.f32 s4, s1, s2
    .endr
    done

/* A fused result is a factor five cycles later. */
    kernel chain_fused_factor
    turns
    .rept 32
    vfma.f32 s0, s0, s1
    .endr
    done

/* After vmla six. */
    kernel chain_chained_factor
    turns
    .rept 32
    vmla.f32 s0, s0, s1
    .endr
    done

/* No vadd in the three cycles after a multiply-accumulate. */
    kernel add_after_fused
    turns
    .rept 32
    vfma.f32 s0, s1, s2
    vadd.f32 s3, s4, s5
    .endr
    done

/* Vdiv takes 16 cycles. */
    kernel float_divide
    turns
    .rept 8
    vdiv.f32 s0, s1, s2
    .endr
    done

/* Vsqrt takes 14. */
    kernel float_root
    turns
    .rept 8
    vsqrt.f32 s0, s1
    .endr
    done

/* Vldr pairs with vadd. */
    kernel float_load_and_add
    turns
    .rept 32
    vldr s0, [r1]
    vadd.f32 s1, s2, s3
    .endr
    done

/* Vldm of eight takes four cycles. */
    kernel float_load_multiple
    turns
    .rept 32
    vldmia r1, {s0-s7}
    .endr
    done

/* Vadd to vmov to a late operation. */
    kernel float_to_core
    turns
    .rept 32
    vadd.f32 s0, s1, s2
    nop.w
    vmov r3, s0
    nop.w
    eor.w r4, r3, r5
    nop.w
    .endr
    done

/* Doubles are added in two cycles. */
    kernel double_add
    turns
    .rept 32
    vadd.f64 d0, d1, d2
    .endr
    done

/* And multiplied in five. */
    kernel double_multiply
    turns
    .rept 32
    vmul.f64 d0, d1, d2
    .endr
    done

/* Vdiv of doubles takes 30 cycles. */
    kernel double_divide
    turns
    .rept 16
    vdiv.f64 d0, d1, d2
    .endr
    done

/* Vsqrt of doubles takes 28. */
    kernel double_root
    turns
    .rept 16
    vsqrt.f64 d0, d1
    .endr
    done

/* A double result is an operand three cycles after the last of its own. */
    kernel chain_double_add
    turns
    .rept 32
    vadd.f64 d0, d0, d1
    .endr
    done

/* Also of multiplications. */
    kernel chain_double_multiply
    turns
    .rept 32
    vmul.f64 d0, d0, d1
    .endr
    done

/* And of square roots. */
    kernel chain_double_root
    turns
    .rept 16
    vsqrt.f64 d0, d0
    .endr
    done

/* Single ones as well. */
    kernel chain_float_root
    turns
    .rept 16
    vsqrt.f32 s0, s0
    .endr
    done

/* Saving s16 to s31 in cached RAM, and restoring them. */
    kernel float_store_multiple_cached
    turns
    .rept 16
    vstmia r1, {s16-s31}
    vldmia r1, {s16-s31}
    .endr
    done
