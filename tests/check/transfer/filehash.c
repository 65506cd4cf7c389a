/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/transfer/disk/filehash.h>
#include <gst/videomeet/transfer/disk/sha256pair.h>
#include <string.h>

#define CHUNK 4096
#define SEED 20261121

/* With the processor's instructions, where it has them, and without. */
static void
for_each_way (void (*func) (gboolean pair))
{
  func (FALSE);
  if (vm_sha256_pair_is_there ())
    func (TRUE);
}

static guint8 *
make (gsize size)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
  guint8 *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = g_rand_int (random);
  return data;
}

static void
check_hash (const guint8 *hash, const guint8 *data, gsize size)
{
  guint8 expected[VM_SHA256_SIZE];

  vm_sha256 (data, size, expected); /* OpenSSL's */
  g_assert_cmpmem (hash, VM_SHA256_SIZE, expected, sizeof expected);
}

static void
check_whole (const VmFileHash *file, const guint8 *data, gsize size)
{
  guint8 hash[VM_SHA256_SIZE];

  fail_unless_equals_uint64 (vm_file_hash_get_done (file), size);
  vm_file_hash_get (file, hash);
  check_hash (hash, data, size);
}

/* FIPS 180-4: the examples of NIST. */
static void
check_vectors (gboolean pair)
{
  static const struct
  {
    const gchar *text, *hash;
  } vectors[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autoptr (VmFileHash) file = vm_file_hash_new_by (pair);
    g_autoptr (GString) text = g_string_new (NULL);
    guint8 hash[VM_SHA256_SIZE];

    vm_file_hash_add (file, vectors[i].text, strlen (vectors[i].text));
    vm_file_hash_get (file, hash);
    for (guint j = 0; j < sizeof hash; j++)
      g_string_append_printf (text, "%02x", hash[j]);
    fail_unless_equals_string (text->str, vectors[i].hash);
  }
}

GST_START_TEST (test_vectors)
{
  for_each_way (check_vectors);
}

GST_END_TEST;

/* Around the ends of blocks, and of the last one with its length. */
static void
check_every_length (gboolean pair)
{
  g_autofree guint8 *data = make (4 * VM_SHA256_BLOCK_SIZE + 1);

  for (gsize size = 0; size <= 4 * VM_SHA256_BLOCK_SIZE; size++) {
    g_autoptr (VmFileHash) file = vm_file_hash_new_by (pair);
    guint8 hash[VM_SHA256_SIZE];

    /* not where a word begins */
    vm_file_hash_look (file, data + 1, size, hash);
    check_hash (hash, data + 1, size);
    check_whole (file, data, 0);
    vm_file_hash_keep (file);
    check_whole (file, data + 1, size);
  }
}

GST_START_TEST (test_every_length)
{
  for_each_way (check_every_length);
}

GST_END_TEST;

/* What is looked at and not kept leaves nothing; what is kept is kept once. */
static void
check_chunks (gboolean pair)
{
  const gsize size = 20 * CHUNK + 3;
  g_autofree guint8 *data = make (size);
  g_autoptr (VmFileHash) file = vm_file_hash_new_by (pair);

  for (gsize at = 0; at < size; at += CHUNK) {
    gsize n = MIN (CHUNK, size - at);
    guint8 hash[VM_SHA256_SIZE];

    vm_file_hash_look (file, data, MIN (at, CHUNK), hash);
    vm_file_hash_look (file, data + at, n, hash);
    check_hash (hash, data + at, n);
    check_whole (file, data, at);
    if (at % (3 * CHUNK) == 0)
      vm_file_hash_add (file, data + at, n);
    else
      vm_file_hash_keep (file);
    check_whole (file, data, at + n);
  }
}

GST_START_TEST (test_chunk_by_chunk)
{
  for_each_way (check_chunks);
}

GST_END_TEST;

/* Pieces that end anywhere. */
static void
check_pieces (gboolean pair)
{
  const gsize size = 8 * CHUNK;
  g_autofree guint8 *data = make (size);
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
  g_autoptr (VmFileHash) file = vm_file_hash_new_by (pair);

  for (gsize at = 0; at < size;) {
    gsize n = MIN ((gsize) g_rand_int_range (random, 0, 200), size - at);
    guint8 hash[VM_SHA256_SIZE];

    if (g_rand_boolean (random)) {
      vm_file_hash_look (file, data + at, n, hash);
      check_hash (hash, data + at, n);
      vm_file_hash_keep (file);
    } else {
      vm_file_hash_add (file, data + at, n);
    }
    at += n;
    check_whole (file, data, at);
  }
}

GST_START_TEST (test_pieces_of_any_size)
{
  for_each_way (check_pieces);
}

GST_END_TEST;

/* The same with the hash of all up to the end of each piece. */
static void
check_prefixes (gboolean pair)
{
  const gsize size = 8 * CHUNK;
  g_autofree guint8 *data = make (size);
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
  g_autoptr (VmFileHash) file = vm_file_hash_new_by (pair);

  for (gsize at = 0; at < size;) {
    gsize n = MIN ((gsize) g_rand_int_range (random, 0, 200), size - at);
    guint8 hash[VM_SHA256_SIZE];

    vm_file_hash_look_prefix (file, data, MIN (at, 100), hash);
    if (g_rand_boolean (random)) {
      vm_file_hash_look_prefix (file, data + at, n, hash);
      check_hash (hash, data, at + n);
    } else {
      vm_file_hash_look (file, data + at, n, hash);
    }
    check_whole (file, data, at);
    vm_file_hash_keep (file);
    at += n;
    check_whole (file, data, at);
  }
}

GST_START_TEST (test_hash_of_all_up_to_a_piece)
{
  for_each_way (check_prefixes);
}

GST_END_TEST;

static Suite *
filehash_suite (void)
{
  Suite *s = suite_create ("filehash");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_every_length);
  tcase_add_test (tc, test_chunk_by_chunk);
  tcase_add_test (tc, test_pieces_of_any_size);
  tcase_add_test (tc, test_hash_of_all_up_to_a_piece);
  return s;
}

CHECK_PROGRAM (filehash)
