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
