/* SM2 signatures and SM3 hashes in batches, for programs in C.
 *
 * Link with libsuan_crypto, libsuan_base, libcrypto, libp11-kit, libfmt and the C++ library. Include this
 * header from C or C++. A verifier or signer belongs to one thread at a time; different ones are
 * independent. Functions return a suan_sm2_status; a text for people is at suan_sm2_status_text().
 * Arrays that are passed are borrowed for the call. Numbers are big-endian. The fastest
 * instructions of the machine are chosen by themselves.
 *
 * Speed comes with numbers: give thousands of messages to a call.
 *
 *     suan_sm2_verifier* v;
 *     suan_sm2_verifier_new(&v);
 *     uint32_t alice;
 *     suan_sm2_verifier_add(v, alice_key, NULL, 0, &alice);
 *     suan_sm2_item items[] = {{alice, "message", 7, signature}};
 *     uint8_t valid[1];
 *     suan_sm2_verify(v, items, 1, valid);
 *     suan_sm2_verifier_free(v);
 *
 * tests/crypto/c_api.c is a whole program that signs and verifies in every way.
 */
#ifndef SUAN_SM2_H
#define SUAN_SM2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    SUAN_SM2_OK = 0,
    SUAN_SM2_NOT_A_KEY = 1,    /* bytes that are no point of the curve, or text that is no key */
    SUAN_SM2_NOT_A_SIGNER = 2, /* an item names a signer that was never added */
    SUAN_SM2_BAD_ARGUMENT = 3, /* a null pointer, or an id of more than 8,191 bytes */
    SUAN_SM2_OUT_OF_MEMORY = 4
} suan_sm2_status;

const char* suan_sm2_status_text(suan_sm2_status status);

typedef struct suan_sm2_verifier suan_sm2_verifier;
typedef struct suan_sm2_signer suan_sm2_signer;

/* A message to sign or hash. `data` may be null when `size` is 0. */
typedef struct {
    const void* data;
    size_t size;
} suan_sm2_message;

/* A signature to check: 64 bytes r | s. */
typedef struct {
    uint32_t signer;
    const void* message;
    size_t message_size;
    const uint8_t* signature;
} suan_sm2_item;

suan_sm2_status suan_sm2_verifier_new(suan_sm2_verifier** out);
void suan_sm2_verifier_free(suan_sm2_verifier* verifier); /* null is allowed */

/* Adds a signer by its key, 65 bytes: 0x04, x, y. `user_id` enters the signed hash (GM/T 0003);
 * null stands for "1234567812345678". *signer is the number that items name. */
suan_sm2_status suan_sm2_verifier_add(suan_sm2_verifier* verifier, const uint8_t key[65],
                                      const char* user_id, size_t user_id_size, uint32_t* signer);

/* valid[i] becomes 1 when items[i] is a good signature, else 0. */
suan_sm2_status suan_sm2_verify(suan_sm2_verifier* verifier, const suan_sm2_item* items,
                                size_t count, uint8_t* valid);

/* The same verdicts, some three times faster: points holds R of each signature, 64 bytes x | y.
 * A wrong point costs time and never changes a verdict. */
suan_sm2_status suan_sm2_verify_points(suan_sm2_verifier* verifier, const suan_sm2_item* items,
                                       const uint8_t* points, size_t count, uint8_t* valid);

/* The same verdicts with one byte for each signature: bit 0 is the parity of y(R), bit 1 says that
 * x(R) is not below the curve's order. */
suan_sm2_status suan_sm2_verify_hints(suan_sm2_verifier* verifier, const suan_sm2_item* items,
                                      const uint8_t* hints, size_t count, uint8_t* valid);

/* A signer from a private key in PEM or DER, PKCS #8 or SEC 1, not encrypted, at most 16 KiB.
 * Nothing of the text is kept. */
suan_sm2_status suan_sm2_signer_new(const void* key, size_t size, suan_sm2_signer** out);
void suan_sm2_signer_free(suan_sm2_signer* signer); /* null is allowed; wipes the key */

/* Signs with the user id "1234567812345678", in constant time. signatures takes 64 bytes for each
 * message. points takes 64 bytes for each, for suan_sm2_verify_points, or is null. */
suan_sm2_status suan_sm2_sign(suan_sm2_signer* signer, const suan_sm2_message* messages,
                              size_t count, uint8_t* signatures, uint8_t* points);

/* The same with one byte for each signature in hints, for suan_sm2_verify_hints. */
suan_sm2_status suan_sm2_sign_hints(suan_sm2_signer* signer, const suan_sm2_message* messages,
                                    size_t count, uint8_t* signatures, uint8_t* hints);

/* SM3: hashes takes 32 bytes for each message. */
suan_sm2_status suan_sm3_many(const suan_sm2_message* messages, size_t count, uint8_t* hashes);

#ifdef __cplusplus
}
#endif

#endif
