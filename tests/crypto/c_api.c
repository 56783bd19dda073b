/* The C API from C11: c_api KEY-FILE PUBLIC-POINT-HEX signs a thousand messages and verifies them in
 * every way, with one of them spoilt. */
#include "crypto/suan_sm2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000, SPOILT = 321 };

static uint8_t signatures[64 * COUNT];
static uint8_t points[64 * COUNT];
static uint8_t hints[COUNT];
static uint8_t valid[COUNT];
static suan_sm2_message messages[COUNT];
static suan_sm2_item items[COUNT];

static void must(suan_sm2_status status, const char* doing) {
    if (status == SUAN_SM2_OK) return;
    fprintf(stderr, "%s: %s\n", doing, suan_sm2_status_text(status));
    exit(1);
}

/* All but the spoilt one are good. */
static void expect_verdicts(const char* way) {
    for (size_t i = 0; i < COUNT; ++i) {
        if (valid[i] == (i == SPOILT ? 0 : 1)) continue;
        fprintf(stderr, "%s: item %zu has the verdict %d\n", way, i, valid[i]);
        exit(1);
    }
    memset(valid, 7, sizeof valid);
}

static suan_sm2_signer* open_signer(const char* name) {
    char key[16384];
    FILE* file = fopen(name, "rb");
    const size_t size = file != NULL ? fread(key, 1, sizeof key, file) : 0;
    suan_sm2_signer* signer = NULL;
    if (file != NULL) fclose(file);
    must(suan_sm2_signer_new(key, size, &signer), name);
    return signer;
}

static void read_point(const char* hex, uint8_t point[65]) {
    for (size_t i = 0; i < 65; ++i) {
        unsigned byte = 0;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) exit(2);
        point[i] = (uint8_t)byte;
    }
}

int main(int argc, char** argv) {
    if (argc != 3 || strlen(argv[2]) != 130) return 2;
    uint8_t point[65];
    read_point(argv[2], point);
    suan_sm2_signer* signer = open_signer(argv[1]);
    suan_sm2_verifier* verifier = NULL;
    uint32_t id = 0;
    must(suan_sm2_verifier_new(&verifier), "verifier");
    must(suan_sm2_verifier_add(verifier, point, NULL, 0, &id), "add");
    for (size_t i = 0; i < COUNT; ++i) {
        messages[i] = (suan_sm2_message){"message", i % 8};
        items[i] = (suan_sm2_item){id, "message", i % 8, signatures + 64 * i};
    }
    must(suan_sm2_sign(signer, messages, COUNT, signatures, points), "sign with points");
    signatures[64 * SPOILT + 63] ^= 1;
    must(suan_sm2_verify(verifier, items, COUNT, valid), "verify");
    expect_verdicts("plain");
    must(suan_sm2_verify_points(verifier, items, points, COUNT, valid), "verify points");
    expect_verdicts("points");
    must(suan_sm2_sign_hints(signer, messages, COUNT, signatures, hints), "sign with hints");
    signatures[64 * SPOILT + 63] ^= 1;
    must(suan_sm2_verify_hints(verifier, items, hints, COUNT, valid), "verify hints");
    expect_verdicts("hints");
    suan_sm2_signer_free(signer);
    suan_sm2_verifier_free(verifier);
    puts("signed and verified in every way");
    return 0;
}
