/* Pointers: lists, a search tree with removal, a graph walked by recursion. */
#include "bench/loops/programs.h"

#define NODES 120

typedef struct node {
    struct node *left, *right;
    uint32_t key;
} node_t;

static node_t pool[NODES];

static node_t **place_of(node_t **root, uint32_t key) {
    while (*root && (*root)->key != key) {
        root = key < (*root)->key ? &(*root)->left : &(*root)->right;
    }
    return root;
}

static void take_out(node_t **place) {
    node_t *gone = *place;
    if (!gone->left) {
        *place = gone->right;
    } else if (!gone->right) {
        *place = gone->left;
    } else {
        node_t **next = &gone->right;
        while ((*next)->left) {
            next = &(*next)->left;
        }
        node_t *heir = *next;
        *next = heir->right;
        heir->left = gone->left;
        heir->right = gone->right;
        *place = heir;
    }
}

static uint32_t depth(const node_t *root) {
    if (!root) {
        return 0;
    }
    const uint32_t left = depth(root->left), right = depth(root->right);
    return 1 + (left > right ? left : right);
}

static uint32_t in_order(const node_t *root, uint32_t sum) {
    return root ? in_order(root->right, in_order(root->left, sum) * 5 + root->key) : sum;
}

static uint32_t ackermann(uint32_t m, uint32_t n) {
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static uint32_t queens(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
    uint32_t count = columns == all;
    for (uint32_t free = all & ~(columns | left | right); free; free &= free - 1) {
        const uint32_t bit = free & -free;
        count += queens(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

static node_t *reversed(node_t *list) {
    node_t *done = 0;
    while (list) {
        node_t *next = list->left;
        list->left = done;
        done = list;
        list = next;
    }
    return done;
}

uint32_t tree_program(uint32_t seed) {
    node_t *root = 0, *list = 0;
    uint32_t sum = 0, used = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        const uint32_t key = next_random(&seed) % 400;
        node_t **place = place_of(&root, key);
        if (*place) {
            take_out(place);
        } else {
            node_t *made = &pool[used++];
            *made = (node_t){0, 0, key};
            *place = made;
        }
    }
    sum = in_order(root, depth(root));
    for (uint32_t i = 0; i < used; i++) {
        pool[i].left = list;
        list = &pool[i];
    }
    for (const node_t *each = reversed(list); each; each = each->left) {
        sum = sum * 3 + each->key;
    }
    return sum + ackermann(2, seed & 7) + queens((1U << (5 + (seed & 1))) - 1, 0, 0, 0);
}
