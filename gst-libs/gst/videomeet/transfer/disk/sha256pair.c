/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/sha256pair.h"

#include <string.h>

#define LENGTH_SIZE 8 /* bytes, at the end of the last block */

/* FIPS 180-4 §5.3.3 */
VmSha256State
vm_sha256_state_new (void)
{
  return (VmSha256State){ { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

/* FIPS 180-4 §5.1.1 */
void
vm_sha256_state_end (const VmSha256State *state, const guint8 *rest,
    guint64 size, guint8 hash[VM_SHA256_SIZE])
{
  guint8 end[2 * VM_SHA256_BLOCK_SIZE] = { 0 };
  VmSha256State last = *state;
  guint64 bits = GUINT64_TO_BE (size * 8);
  gsize n = size % VM_SHA256_BLOCK_SIZE;
  guint blocks = n + 1 + LENGTH_SIZE > VM_SHA256_BLOCK_SIZE ? 2 : 1;

  if (n)
    memcpy (end, rest, n);
  end[n] = 0x80;
  memcpy (
      end + blocks * VM_SHA256_BLOCK_SIZE - LENGTH_SIZE, &bits, LENGTH_SIZE);
  vm_sha256_add (&last, end, blocks);
  for (guint i = 0; i < G_N_ELEMENTS (last.words); i++)
    last.words[i] = GUINT32_TO_BE (last.words[i]);
  memcpy (hash, last.words, VM_SHA256_SIZE);
}

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define STEPS 16 /* of four rounds */

/* FIPS 180-4 §4.2.2 */
static const guint32 constants[4 * STEPS] __attribute__ ((
    aligned (16))) = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
  0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
  0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138,
  0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624,
  0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
  0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f,
  0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

#define WITH_SHA __attribute__ ((target ("sha,sse4.1")))

/* A state as the instructions want it: words a, b, e, f and c, d, g, h. */
typedef struct
{
  __m128i abef, cdgh;
} Lanes;

WITH_SHA static inline Lanes
load (const VmSha256State *state)
{
  const __m128i *words = (const __m128i *) state->words;
  __m128i badc = _mm_shuffle_epi32 (_mm_loadu_si128 (words), 0xb1);
  __m128i hgfe = _mm_shuffle_epi32 (_mm_loadu_si128 (words + 1), 0x1b);

  return (Lanes){ .abef = _mm_alignr_epi8 (badc, hgfe, 8),
    .cdgh = _mm_blend_epi16 (hgfe, badc, 0xf0) };
}

WITH_SHA static inline void
store (Lanes lanes, VmSha256State *state)
{
  __m128i *words = (__m128i *) state->words;
  __m128i feba = _mm_shuffle_epi32 (lanes.abef, 0x1b);
  __m128i dchg = _mm_shuffle_epi32 (lanes.cdgh, 0xb1);

  _mm_storeu_si128 (words, _mm_blend_epi16 (feba, dchg, 0xf0));
  _mm_storeu_si128 (words + 1, _mm_alignr_epi8 (dchg, feba, 8));
}

/* Four words of the message schedule behind the sixteen in @m; FIPS 180-4
 * §6.2.2 */
WITH_SHA static inline __m128i
schedule (const __m128i m[4], guint step)
{
  __m128i sum =
      _mm_add_epi32 (_mm_sha256msg1_epu32 (m[step % 4], m[(step + 1) % 4]),
          _mm_alignr_epi8 (m[(step + 3) % 4], m[(step + 2) % 4], 4));

  return _mm_sha256msg2_epu32 (sum, m[(step + 3) % 4]);
}

WITH_SHA static inline void
add (Lanes *lanes, Lanes before)
{
  lanes->abef = _mm_add_epi32 (lanes->abef, before.abef);
  lanes->cdgh = _mm_add_epi32 (lanes->cdgh, before.cdgh);
}

/* What the rounds of @step add to the state: words and constants. */
WITH_SHA static inline __m128i
next_sum (__m128i m[4], const guint8 *block, guint step)
{
  const __m128i big_endian =
      _mm_set_epi64x (0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i *words = (const __m128i *) block;

  m[step % 4] =
      step < 4 ? _mm_shuffle_epi8 (_mm_loadu_si128 (words + step), big_endian)
               : schedule (m, step);
  return _mm_add_epi32 (
      _mm_load_si128 ((const __m128i *) (constants + 4 * step)), m[step % 4]);
}

WITH_SHA static inline void
compress_one (Lanes *lanes, const guint8 *block)
{
  const Lanes before = *lanes;
  __m128i m[4];

#pragma GCC unroll 16
  for (guint step = 0; step < STEPS; step++) {
    __m128i k = next_sum (m, block, step);

    lanes->cdgh = _mm_sha256rnds2_epu32 (lanes->cdgh, lanes->abef, k);
    k = _mm_shuffle_epi32 (k, 0x0e);
    lanes->abef = _mm_sha256rnds2_epu32 (lanes->abef, lanes->cdgh, k);
  }
  add (lanes, before);
}

WITH_SHA void
vm_sha256_add (VmSha256State *state, const guint8 *data, gsize blocks)
{
  Lanes lanes = load (state);

  for (gsize i = 0; i < blocks; i++)
    compress_one (&lanes, data + i * VM_SHA256_BLOCK_SIZE);
  store (lanes, state);
}

WITH_SHA static inline void
compress (Lanes *a, Lanes *b, const guint8 *block)
{
  const Lanes a_before = *a, b_before = *b;
  __m128i m[4];

#pragma GCC unroll 16
  for (guint step = 0; step < STEPS; step++) {
    __m128i k = next_sum (m, block, step);

    a->cdgh = _mm_sha256rnds2_epu32 (a->cdgh, a->abef, k);
    b->cdgh = _mm_sha256rnds2_epu32 (b->cdgh, b->abef, k);
    k = _mm_shuffle_epi32 (k, 0x0e);
    a->abef = _mm_sha256rnds2_epu32 (a->abef, a->cdgh, k);
    b->abef = _mm_sha256rnds2_epu32 (b->abef, b->cdgh, k);
  }
  add (a, a_before);
  add (b, b_before);
}

WITH_SHA void
vm_sha256_pair (
    VmSha256State *a, VmSha256State *b, const guint8 *data, gsize blocks)
{
  Lanes of_a = load (a), of_b = load (b);

  for (gsize i = 0; i < blocks; i++)
    compress (&of_a, &of_b, data + i * VM_SHA256_BLOCK_SIZE);
  store (of_a, a);
  store (of_b, b);
}

static gboolean
ask_processor (void)
{
  guint a, b, c, d;

  if (!__get_cpuid (1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3))
    return FALSE;
  return __get_cpuid_count (7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

gboolean
vm_sha256_pair_is_there (void)
{
  static gsize answer; /* and 1; 0: not asked */

  if (g_once_init_enter (&answer))
    g_once_init_leave (&answer, 1 + ask_processor ());
  return answer - 1;
}

#else

void
vm_sha256_add (VmSha256State *state, const guint8 *data, gsize blocks)
{
  g_assert_not_reached ();
}

void
vm_sha256_pair (
    VmSha256State *a, VmSha256State *b, const guint8 *data, gsize blocks)
{
  g_assert_not_reached ();
}

gboolean
vm_sha256_pair_is_there (void)
{
  return FALSE;
}

#endif
