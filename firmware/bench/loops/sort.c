/* Sorting by recursion, by insertion and by a heap, with comparisons through function pointers. */
#include "bench/loops/programs.h"

#define COUNT 200

typedef struct record {
    int16_t key;
    uint8_t tag;
    int32_t value;
} record_t;

typedef int compare_t(const record_t *, const record_t *);

static int by_key(const record_t *left, const record_t *right) {
    return left->key - right->key;
}

static int by_value_down(const record_t *left, const record_t *right) {
    return left->value < right->value ? 1 : left->value > right->value ? -1 : 0;
}

static int by_tag(const record_t *left, const record_t *right) {
    return left->tag != right->tag ? left->tag - right->tag : by_key(left, right);
}

static void swap(record_t *left, record_t *right) {
    const record_t old = *left;
    *left = *right;
    *right = old;
}

static void quick(record_t *low, record_t *high, compare_t *compare) {
    while (low < high) {
        const record_t pivot = low[(high - low) / 2];
        record_t *left = low, *right = high;
        while (left <= right) {
            while (compare(left, &pivot) < 0) {
                left++;
            }
            while (compare(right, &pivot) > 0) {
                right--;
            }
            if (left <= right) {
                swap(left++, right--);
            }
        }
        if (right - low < high - left) {
            quick(low, right, compare);
            low = left;
        } else {
            quick(left, high, compare);
            high = right;
        }
    }
}

static void insertion(record_t *records, int32_t count, compare_t *compare) {
    for (int32_t i = 1; i < count; i++) {
        const record_t moved = records[i];
        int32_t j = i;
        for (; j > 0 && compare(&records[j - 1], &moved) > 0; j--) {
            records[j] = records[j - 1];
        }
        records[j] = moved;
    }
}

static void sift(record_t *records, uint32_t root, uint32_t count, compare_t *compare) {
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(&records[child], &records[child + 1]) < 0) {
            child++;
        }
        if (compare(&records[root], &records[child]) >= 0) {
            return;
        }
        swap(&records[root], &records[child]);
    }
}

static void heap(record_t *records, uint32_t count, compare_t *compare) {
    for (uint32_t root = count / 2; root-- > 0;) {
        sift(records, root, count, compare);
    }
    for (uint32_t left = count; left-- > 1;) {
        swap(&records[0], &records[left]);
        sift(records, 0, left, compare);
    }
}

uint32_t sort_program(uint32_t seed) {
    static compare_t *const ORDERS[] = {by_key, by_value_down, by_tag};
    record_t records[COUNT];
    uint32_t sum = 0;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint32_t value = next_random(&seed);
            records[i] = (record_t){(int16_t)value, (uint8_t)(value >> 16), (int32_t)(value << 9)};
        }
        compare_t *order = ORDERS[round];
        if (round == 0) {
            quick(records, records + COUNT - 1, order);
        } else if (round == 1) {
            insertion(records, COUNT, order);
        } else {
            heap(records, COUNT, order);
        }
        for (uint32_t i = 1; i < COUNT; i++) {
            sum = sum * 33 + (uint32_t)records[i].key + records[i].tag;
            sum += order(&records[i - 1], &records[i]) > 0 ? 0x80000000U : 0;
        }
    }
    return sum;
}
