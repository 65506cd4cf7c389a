/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/vmerror.h>
#include <gst/videomeet/wire/vmsdp.h>

#include <string.h>

#define FP                                           \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:" \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
#define FP_LOWER                                     \
  "0a:1b:2c:3d:4e:5f:60:71:82:93:a4:b5:c6:d7:e8:f9:" \
  "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"
#define FP_OTHER                                     \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:" \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FE"
#define HEAD "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\n"
#define VIDEO "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\n"
#define REJECTED "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
#define LINE(fp) "a=fingerprint:sha-256 " fp "\r\n"

static void
check_good (const gchar *sdp, const gchar *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *fp = NULL;

  fail_unless (vm_sdp_get_fingerprint (sdp, &fp, &error), "%s: %s", sdp,
      error ? error->message : "");
  fail_unless_equals_string (fp, expected);
}

static void
check_bad (const gchar *sdp)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *fp = NULL;

  fail_if (vm_sdp_get_fingerprint (sdp, &fp, &error), "accepted: %s", sdp);
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  fail_unless (fp == NULL);
}

GST_START_TEST (test_fingerprint)
{
  check_good (HEAD AUDIO LINE (FP), FP);
  check_good (HEAD LINE (FP) AUDIO VIDEO, FP);
  check_good (HEAD LINE (FP_LOWER) AUDIO LINE (FP) VIDEO LINE (FP_LOWER), FP);
  check_good (HEAD AUDIO "a=fingerprint:SHA-256 " FP_LOWER "\n", FP);
  check_good (HEAD AUDIO LINE (FP) REJECTED, FP);
  check_good ("v=0\nm=audio 9 UDP 97\n" LINE (FP), FP);
}

GST_END_TEST;

GST_START_TEST (test_fingerprint_refused)
{
  static const gchar *const bad[] = { "", "v=0", "hello", "v=0\r\n", HEAD,
    HEAD LINE (FP), HEAD AUDIO,
    /* two that differ, wherever they stand */
    HEAD AUDIO LINE (FP) VIDEO LINE (FP_OTHER),
    HEAD LINE (FP) AUDIO LINE (FP_OTHER),
    HEAD AUDIO LINE (FP) REJECTED LINE (FP_OTHER),
    /* twice in one section, and a section without */
    HEAD AUDIO LINE (FP) LINE (FP), HEAD AUDIO LINE (FP) LINE (FP_OTHER),
    HEAD AUDIO LINE (FP) VIDEO, HEAD AUDIO VIDEO LINE (FP),
    /* other algorithms, beside it or instead of it */
    HEAD AUDIO "a=fingerprint:sha-1 00:11\r\n",
    HEAD AUDIO LINE (FP) "a=fingerprint:sha-1 00:11\r\n",
    HEAD AUDIO "a=fingerprint:sha-512 " FP "\r\n",
    HEAD AUDIO "a=fingerprint:sha-256" FP "\r\n",
    /* not 32 bytes of hexadecimal */
    HEAD AUDIO LINE (""), HEAD AUDIO LINE (FP ":00"), HEAD AUDIO LINE (FP " "),
    HEAD AUDIO "a=fingerprint:sha-256 0A1B\r\n",
    HEAD AUDIO "a=fingerprint:sha-256\r\n", HEAD AUDIO "a=fingerprint:\r\n",
    HEAD AUDIO "a=fingerprint:sha-256  " FP "\r\n",
    HEAD AUDIO "a=fingerprint:sha-256 "
               "0G:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:"
               "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n",
    HEAD AUDIO "a=fingerprint:sha-256 "
               "0A-1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:"
               "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n",
    /* a bare CR ends a line for GStreamer too */
    HEAD AUDIO LINE (FP) "i=x\ra=fingerprint:sha-256 " FP_OTHER "\r\n",
    "\r\n" HEAD AUDIO LINE (FP) };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    check_bad (bad[i]);
}

GST_END_TEST;

/* @size bytes of a description that is good but for its length */
static gchar *
padded (gsize size)
{
  g_autoptr (GString) s = g_string_new (HEAD AUDIO LINE (FP) "i=");

  while (s->len < size)
    g_string_append_c (s, 'x');
  fail_unless_equals_int (s->len, size);
  return g_strdup (s->str);
}

GST_START_TEST (test_size_limit)
{
  g_autofree gchar *below = padded (65535);
  g_autofree gchar *at = padded (65536);
  g_autofree gchar *above = padded (65537);

  check_good (below, FP);
  check_good (at, FP);
  check_bad (above);
}

GST_END_TEST;

/* Every prefix, and every byte of it changed: no crash, and never another
 * fingerprint than the one it says. */
GST_START_TEST (test_mutations)
{
  const gchar *good = HEAD AUDIO LINE (FP) VIDEO LINE (FP);
  gsize size = strlen (good);

  for (gsize i = 0; i < size; i++) {
    g_autofree gchar *cut = g_strndup (good, i);
    g_autofree gchar *fp = NULL;

    if (vm_sdp_get_fingerprint (cut, &fp, NULL))
      fail_unless_equals_string (fp, FP);
    for (guint c = 1; c < 256; c += 7) {
      g_autofree gchar *changed = g_strdup (good);
      g_autofree gchar *got = NULL;

      changed[i] = c;
      if (vm_sdp_get_fingerprint (changed, &got, NULL))
        fail_unless_equals_string (got, FP);
    }
  }
}

GST_END_TEST;

#define HEX_28 FP_BYTES_20 ":19:1A:1B:1C:1D:1E:1F:20"
#define FP_BYTES_20 \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:15:16:17:18"
#define HEX_48 FP ":20:21:22:23:24:25:26:27:28:29:2A:2B:2C:2D:2E:2F"
#define HEX_64 FP ":" FP
#define SHA384 "a=fingerprint:sha-384 " HEX_48 "\r\n"
#define SHA512 "a=fingerprint:SHA-512 " HEX_64 "\r\n"
#define SHA224 "a=fingerprint:sha-224 " HEX_28 "\r\n"
#define SHA1 "a=fingerprint:sha-1 " FP_BYTES_20 "\r\n"
#define MD5                                             \
  "a=fingerprint:md5 00:11:22:33:44:55:66:77:88:99:AA:" \
  "BB:CC:DD:EE:FF\r\n"

/* @expected: with a comma between; NULL: refused */
static void
check_list (const gchar *sdp, guint media, const gchar *expected)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) list = NULL;
  g_autofree gchar *joined = NULL;
  gboolean good = vm_sdp_list_fingerprints (sdp, media, &list, &error);

  fail_unless (good == (expected != NULL), "%s: %s", sdp,
      error ? error->message : "taken");
  if (!expected) {
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
    fail_unless (list == NULL);
    return;
  }
  joined = g_strjoinv (",", list);
  fail_unless_equals_string (joined, expected);
}

/* Whatever the order, that by SHA-256; another when there is no such. */
GST_START_TEST (test_several_fingerprints)
{
  check_list (HEAD AUDIO LINE (FP) SHA384 SHA512, 0, "sha-256 " FP);
  check_list (HEAD AUDIO SHA512 SHA384 LINE (FP_LOWER), 0, "sha-256 " FP);
  check_list (HEAD SHA512 LINE (FP) AUDIO, 0, "sha-256 " FP);
  check_list (HEAD AUDIO SHA1 SHA224 SHA512 SHA384, 0, "sha-384 " HEX_48);
  check_list (HEAD AUDIO SHA512, 0, "sha-512 " HEX_64);
  check_list (HEAD AUDIO SHA224, 0, "sha-224 " HEX_28);
  check_list (HEAD AUDIO MD5 SHA1, 0, "sha-1 " FP_BYTES_20);
  check_list (
      HEAD AUDIO "a=fingerprint:sha3-256 00\r\n" LINE (FP), 0, "sha-256 " FP);
  /* several certificates */
  check_list (HEAD AUDIO LINE (FP) LINE (FP_OTHER), 0,
      "sha-256 " FP ",sha-256 " FP_OTHER);
  /* what the m-line says counts more than the session */
  check_list (
      HEAD LINE (FP) AUDIO LINE (FP_OTHER) VIDEO, 0, "sha-256 " FP_OTHER);
  check_list (HEAD LINE (FP) AUDIO LINE (FP_OTHER) VIDEO, 1, "sha-256 " FP);
}

GST_END_TEST;

GST_START_TEST (test_several_fingerprints_refused)
{
  g_autoptr (GString) many = g_string_new (HEAD AUDIO);

  for (guint i = 0; i < 16; i++)
    g_string_append (many, SHA512);
  g_string_append (many, LINE (FP));
  check_list (many->str, 0, NULL);
  check_list (HEAD AUDIO, 0, NULL);
  check_list (HEAD AUDIO MD5, 0, NULL);
  check_list (HEAD AUDIO LINE (FP), 1, NULL);
  check_list (HEAD AUDIO VIDEO LINE (FP), 0, NULL);
  check_list (HEAD AUDIO LINE (FP ":00") SHA384, 0, NULL);
  check_list (HEAD AUDIO "a=fingerprint:sha-384 " FP "\r\n", 0, NULL);
  check_list ("", 0, NULL);
}

GST_END_TEST;

/* "abc" by each function, of FIPS 180-4's examples. */
GST_START_TEST (test_fingerprints_match)
{
  static const gchar *const good[] = {
    "sha-256 " FP_OTHER,
    "sha-256 BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:"
    "B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD",
    NULL,
  };
  static const gchar *const sha1[] = {
    "sha-1 A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D",
    NULL,
  };
  static const gchar *const none[] = { NULL };

  fail_unless (vm_sdp_fingerprints_match (good, (const guint8 *) "abc", 3));
  fail_if (vm_sdp_fingerprints_match (good, (const guint8 *) "abd", 3));
  fail_if (vm_sdp_fingerprints_match (good, (const guint8 *) "abc", 2));
  fail_unless (vm_sdp_fingerprints_match (sha1, (const guint8 *) "abc", 3));
  fail_if (vm_sdp_fingerprints_match (none, (const guint8 *) "abc", 3));
}

GST_END_TEST;

static void
check_ufrag (const gchar *sdp, const gchar *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ufrag = NULL;
  gboolean good = vm_sdp_get_ice_ufrag (sdp, &ufrag, &error);

  fail_unless_equals_string (ufrag, expected);
  fail_unless (good == (expected != NULL));
  if (!expected)
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
}

GST_START_TEST (test_ice_ufrag)
{
  g_autofree gchar *long_ufrag = g_strnfill (256, 'a');
  g_autofree gchar *at =
      g_strconcat (HEAD AUDIO "a=ice-ufrag:", long_ufrag, "\r\n", NULL);
  g_autofree gchar *above =
      g_strconcat (HEAD AUDIO "a=ice-ufrag:", long_ufrag, "a\r\n", NULL);

  check_ufrag (HEAD AUDIO "a=ice-ufrag:aB+/\r\n", "aB+/");
  check_ufrag (HEAD "a=ice-ufrag:abcd\r\n" AUDIO, "abcd");
  check_ufrag (HEAD AUDIO "a=ice-ufrag:abcd\r\n" VIDEO, "abcd");
  check_ufrag (
      HEAD AUDIO "a=ice-ufrag:abcd\r\n" VIDEO "a=ice-ufrag:abcd\r\n", "abcd");
  check_ufrag (at, long_ufrag);

  check_ufrag (HEAD AUDIO, NULL);
  check_ufrag (above, NULL);
  check_ufrag (HEAD AUDIO "a=ice-ufrag:abc\r\n", NULL);
  check_ufrag (HEAD AUDIO "a=ice-ufrag:ab cd\r\n", NULL);
  check_ufrag (HEAD AUDIO "a=ice-ufrag:\r\n", NULL);
  check_ufrag (
      HEAD AUDIO "a=ice-ufrag:abcd\r\n" VIDEO "a=ice-ufrag:abce\r\n", NULL);
  check_ufrag (HEAD AUDIO "a=ice-ufrag:abcd\r\na=ice-ufrag:abcd\r\n", NULL);
}

GST_END_TEST;

static Suite *
sdp_suite (void)
{
  Suite *s = suite_create ("sdp");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_fingerprint);
  tcase_add_test (tc, test_fingerprint_refused);
  tcase_add_test (tc, test_size_limit);
  tcase_add_test (tc, test_mutations);
  tcase_add_test (tc, test_several_fingerprints);
  tcase_add_test (tc, test_several_fingerprints_refused);
  tcase_add_test (tc, test_fingerprints_match);
  tcase_add_test (tc, test_ice_ufrag);
  return s;
}

CHECK_PROGRAM (sdp)
