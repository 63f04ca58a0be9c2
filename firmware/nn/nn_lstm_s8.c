#include "nn/nn_fixed16.h"
#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/* One gate of one cell before its activation, in Q3.12: what comes from the input, then what comes from the output of
 * the step before. */
static int32_t gate_sum(const nn_lstm_gate_t *gate, const nn_lstm_t *layer, uint32_t cell,
                        const int8_t *input, const int8_t *before) {
    const int8_t *weights = gate->input_weights + cell * layer->inputs;
    int32_t sum = gate->input_bias[cell];
    for (uint32_t i = 0; i < layer->inputs; i++) {
        sum += weights[i] * input[i];
    }
    const int32_t from_input = nn_clamp_int16(nn_scale(sum, &gate->input_scale));
    weights = gate->recurrent_weights + cell * layer->cells;
    sum = gate->recurrent_bias[cell];
    for (uint32_t i = 0; i < layer->cells; i++) {
        sum += weights[i] * before[i];
    }
    return nn_clamp_int16(from_input + nn_scale(sum, &gate->recurrent_scale));
}

/* A cell's value after a step. */
static int32_t updated(const nn_lstm_t *layer, uint32_t cell, int32_t value, const int8_t *input,
                       const int8_t *before) {
    const int32_t forget = nn_sigmoid_16(gate_sum(&layer->forget, layer, cell, input, before));
    const int32_t candidate = nn_tanh_16(gate_sum(&layer->cell, layer, cell, input, before), 3);
    const int32_t admit = layer->coupled ? NN_ONE_16 - forget
                                         : nn_sigmoid_16(gate_sum(&layer->input, layer, cell, input, before));
    const int32_t kept = (int16_t)nn_rounding_shift(forget * value, 15);
    const int32_t added = (int16_t)nn_rounding_shift(admit * candidate, layer->cell_integer_bits + 15);
    value = nn_clamp_int16(kept + added);
    if (layer->cell_clip > 0) {
        value = value > layer->cell_clip ? layer->cell_clip : value;
        value = value < -layer->cell_clip ? -layer->cell_clip : value;
    }
    return value;
}

/*
 * UNIDIRECTIONAL_SEQUENCE_LSTM: gates in int8 weights and Q3.12 sums, cells in int16. Each step's output is what the
 * next one reads back; `output_state` (int8) and `cell_state` (int16) are [batch][cell].
 */
NN_HOT void nn_lstm_s8(const nn_lstm_t *layer, const int8_t *input, int8_t *output_state, int8_t *cell_state,
                       int8_t *output) {
    for (uint32_t batch = 0; batch < layer->batches; batch++) {
        const int8_t *before = output_state;
        const int8_t *values = input + batch * layer->input_batch;
        int8_t *results = output + batch * layer->output_batch;
        for (uint32_t step = 0; step < layer->steps; step++) {
            for (uint32_t cell = 0; cell < layer->cells; cell++) {
                const int32_t value = updated(layer, cell, nn_load_int16(cell_state, cell), values, before);
                const int32_t admit = nn_sigmoid_16(gate_sum(&layer->output, layer, cell, values, before));
                const int32_t shown = nn_tanh_16(value, layer->cell_integer_bits);
                nn_store_int16(cell_state, cell, value);
                results[cell] = nn_clamp(nn_scale(admit * shown, &layer->hidden), &layer->range);
            }
            before = results;
            values += layer->input_step;
            results += layer->output_step;
        }
        for (uint32_t cell = 0; cell < layer->cells; cell++) {
            output_state[cell] = before[cell];
        }
        output_state += layer->cells;
        cell_state += 2 * layer->cells;
    }
}
