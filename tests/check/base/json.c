/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The JSON reader against RFC 8259 and security.md#limits. */

#include "program.h"

#include <gst/videomeet/base/json/json.h>
#include <string.h>

#include "vmfeatures.h"

static VmJson json;

/* Reads a copy of exactly @size bytes, so that a sanitizer sees every byte
 * read too many; the copy of the last call is kept. */
static gboolean
read_bytes (const gchar *text, gsize size, GError **error)
{
  static gchar *copy;

  g_free (copy);
  copy = g_malloc (MAX (size, 1));
  memcpy (copy, text, size);
  return vm_json_read (&json, copy, size, error);
}

static gboolean
read_text (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = read_bytes (text, strlen (text), &error);

  fail_unless (ok == (error == NULL));
  if (error)
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  return ok;
}

GST_START_TEST (test_valid)
{
  const gchar *good[] = { "{}", "[]", " [ ] ", "[\"\"]", "[0]", "[-0]",
    "[1.5e-7]", "[1E+2]", "[true]", "[false]", "[null]",
    "{\"a\":1,\"b\":[1,{\"c\":null}]}", "\t\r\n{ \"a\" : [ ] , \"b\" : { } } ",
    "[[[]],[]]", "[\"\\u00e4\\n\\/\"]", "[\"\\ud83d\\ude00\"]",
    "[\"\xf0\x9f\x98\x80\"]", "[\"\x7f\"]" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    fail_unless (read_text (good[i]), "refused %s", good[i]);
}

GST_END_TEST;

GST_START_TEST (test_invalid)
{
  const gchar *bad[] = { "", " ", "{", "}", "[", "]", "{]", "[}", "[1 2]",
    "[1,]", "[,1]", "[,]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
    "{\"a\" 1}", "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "{\"a\":1}}", "{}{}",
    "[] x", "// c\n{}", "[1]//", "\xef\xbb\xbf{}", "1", "\"a\"", "null" };
  const gchar *values[] = { "01", "1.", ".5", "-", "+1", "1e", "1e+", "0x10",
    "NaN", "Infinity", "tru", "trues", "nul", "True", "'a'", "\"", "\"a",
    "\"\\", "\"\\\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\t\"",
    "\"\n\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\xff\"", "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"" };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    g_autofree gchar *text = g_strdup_printf ("[%s]", values[i]);

    fail_if (read_text (text), "accepted %s", text);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_if (read_text (bad[i]), "accepted %s", bad[i]);
  fail_if (read_bytes ("[\"\0\"]", 5, NULL));
  fail_if (read_bytes ("{}\0", 3, NULL));
}

GST_END_TEST;

GST_START_TEST (test_every_prefix_is_refused)
{
  const gchar *text = "{\"a\":[1,\"\\ud83d\\ude00\",{\"b\":null}],\"c\":true}";

  fail_unless (read_text (text));
  for (gsize size = 0; size < strlen (text); size++)
    fail_if (read_bytes (text, size, NULL));
}

GST_END_TEST;

/* [@before times 'x', @what, @after times 'x'] as a string */
static gboolean
read_padded (guint before, const gchar *what, gsize size, guint after)
{
  g_autoptr (GString) text = g_string_new ("[\"");

  for (guint i = 0; i < before; i++)
    g_string_append_c (text, 'x');
  g_string_append_len (text, what, size);
  for (guint i = 0; i < after; i++)
    g_string_append_c (text, 'x');
  g_string_append (text, "\"]");
  return read_bytes (text->str, text->len, NULL);
}

GST_START_TEST (test_every_place_of_a_string)
{
  /* wherever in a word it stands, and whatever is in that word besides */
  for (guint before = 0; before < 20; before++) {
    for (guint after = 0; after < 20; after++) {
      fail_unless (read_padded (before, "", 0, after));
      fail_unless (read_padded (before, " !#[]^\x7f", 7, after));
      fail_unless (read_padded (before, "\\\"\\\\\\n", 6, after));
      fail_unless (read_padded (before, "\xc3\xa4\xc3\x9c", 4, after));
      fail_if (read_padded (before, "\"", 1, after));
      fail_if (read_padded (before, "\\x", 2, after));
      fail_if (read_padded (before, "\x1f", 1, after));
      fail_if (read_padded (before, "\0", 1, after));
      fail_if (read_padded (before, "\xa4", 1, after));
      fail_if (read_padded (before, "\xc3\xa4\x1f", 3, after));
      fail_if (read_padded (before, "\xc3\xa4\"", 3, after));
    }
  }
}

GST_END_TEST;

static gboolean
read_nested (guint depth)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, i % 2 ? "{\"a\":" : "[");
  g_string_append_c (text, '1');
  for (guint i = depth; i-- > 0;)
    g_string_append_c (text, i % 2 ? '}' : ']');
  return read_text (text->str);
}

GST_START_TEST (test_depth)
{
  fail_unless (read_nested (VM_JSON_DEPTH_MAX - 1));
  fail_unless (read_nested (VM_JSON_DEPTH_MAX));
  fail_if (read_nested (VM_JSON_DEPTH_MAX + 1));
  fail_if (read_nested (100000));
}

GST_END_TEST;

static gboolean
read_members (guint members, gboolean object)
{
  g_autoptr (GString) text = g_string_new (object ? "{" : "[");

  for (guint i = 0; i < members; i++)
    g_string_append_printf (
        text, object ? "%s\"k%u\":1" : "%s%u", i ? "," : "", i);
  g_string_append_c (text, object ? '}' : ']');
  return read_text (text->str);
}

GST_START_TEST (test_members)
{
  for (gint object = 0; object < 2; object++) {
    fail_unless (read_members (VM_JSON_MEMBERS_MAX - 1, object));
    fail_unless (read_members (VM_JSON_MEMBERS_MAX, object));
    fail_if (read_members (VM_JSON_MEMBERS_MAX + 1, object));
  }
  fail_unless (read_members (VM_JSON_MEMBERS_MAX, TRUE));
  fail_unless_equals_int (vm_json_length (&json, 0), VM_JSON_MEMBERS_MAX);
  fail_unless (vm_json_get (&json, 0, "k1023") != VM_JSON_NONE);
  fail_unless (vm_json_get (&json, 0, "k1024") == VM_JSON_NONE);
}

GST_END_TEST;

/* One key and so many elements, from a server: how many there are. */
static guint
read_relayed (guint elements)
{
  g_autoptr (GString) text = g_string_new ("{\"k\":[0");

  for (guint i = 1; i < elements; i++)
    g_string_append (text, ",0");
  g_string_append (text, "]}");
  return vm_json_read_relayed (&json, text->str, text->len, NULL)
             ? vm_json_length (&json, vm_json_get (&json, 0, "k"))
             : 0;
}

GST_START_TEST (test_members_of_a_server)
{
  static const guint most = VM_JSON_RELAYED_MAX - 1;

  fail_unless_equals_int (
      read_relayed (VM_JSON_MEMBERS_MAX), VM_JSON_MEMBERS_MAX);
  fail_unless_equals_int (read_relayed (most - 1), most - 1);
  fail_unless_equals_int (read_relayed (most), most);
  fail_unless_equals_int (read_relayed (most + 1), 0);
}

GST_END_TEST;

GST_START_TEST (test_size)
{
  g_autofree gchar *text = g_malloc (VM_JSON_SIZE_MAX + 1);

  memset (text, ' ', VM_JSON_SIZE_MAX + 1);
  text[0] = '[';
  text[1] = ']';
  fail_unless (read_bytes (text, VM_JSON_SIZE_MAX - 1, NULL));
  fail_unless (read_bytes (text, VM_JSON_SIZE_MAX, NULL));
  fail_if (read_bytes (text, VM_JSON_SIZE_MAX + 1, NULL));
}

GST_END_TEST;

GST_START_TEST (test_get)
{
  g_autofree gchar *s = NULL;
  g_autoptr (GError) error = NULL;
  gint64 i = 7;
  gboolean b = FALSE;

  fail_unless (read_text ("{\"s\":\"x\\ny\",\"i\":-12,\"b\":true,\"n\":null,"
                          "\"f\":1.5,\"o\":{\"s\":\"inner\"},\"twice\":1,"
                          "\"twice\":2,\"esc\\u0061ped\":3,"
                          "\"big\":9223372036854775808,\"nul\":\"\\u0000\"}"));
  fail_unless (vm_json_get_string (&json, 0, "s", 3, &s, NULL));
  fail_unless_equals_string (s, "x\ny");
  fail_if (vm_json_get_string (&json, 0, "s", 2, &s, NULL));
  fail_unless (vm_json_get_int (&json, 0, "i", -12, -12, &i, NULL));
  fail_unless_equals_int64 (i, -12);
  fail_if (vm_json_get_int (&json, 0, "i", -11, 0, &i, NULL));
  fail_if (vm_json_get_int (&json, 0, "f", 0, 9, &i, NULL));
  fail_if (vm_json_get_int (&json, 0, "big", 0, G_MAXINT64, &i, NULL));
  fail_unless (vm_json_get_boolean (&json, 0, "b", &b, NULL));
  fail_unless (b);
  fail_if (vm_json_get_boolean (&json, 0, "i", &b, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  fail_if (vm_json_get_string (&json, 0, "nul", 9, &s, NULL));

  /* absent and null leave the default */
  i = 7;
  fail_unless (vm_json_get_int (&json, 0, "none", 0, 9, &i, NULL));
  fail_unless (vm_json_get_int (&json, 0, "n", 0, 9, &i, NULL));
  fail_unless_equals_int64 (i, 7);

  fail_unless (vm_json_get_int (&json, 0, "twice", 0, 9, &i, NULL));
  fail_unless_equals_int64 (i, 2);
  fail_unless (vm_json_get_int (&json, 0, "escaped", 0, 9, &i, NULL));
  fail_unless_equals_int64 (i, 3);

  fail_unless (vm_json_get_string (
      &json, vm_json_get (&json, 0, "o"), "s", 99, &s, NULL));
  fail_unless_equals_string (s, "inner");
  fail_unless (vm_json_get (&json, VM_JSON_NONE, "s") == VM_JSON_NONE);
}

GST_END_TEST;

GST_START_TEST (test_walk)
{
  guint n = 0;
  VmJsonNode a;

  fail_unless (read_text ("{\"a\":[1,[2,3],{\"x\":[]},\"s\"],\"b\":[]}"));
  a = vm_json_get (&json, 0, "a");
  for (VmJsonNode e = vm_json_first (&json, a); e != VM_JSON_NONE;
       e = vm_json_next (&json, e))
    n++;
  fail_unless_equals_int (n, 4);
  fail_unless (
      vm_json_first (&json, vm_json_get (&json, 0, "b")) == VM_JSON_NONE);
  fail_unless (vm_json_first (&json, 0) == VM_JSON_NONE);
}

GST_END_TEST;

GST_START_TEST (test_spans_keep_their_bytes)
{
  VmSpan span = { NULL, 0 };
  g_autoptr (GString) out = g_string_new ("{");
  g_autofree gchar *text = NULL;

  fail_unless (
      read_text ("{\"sdp\" : \"v=0\\r\\n\\u00e4\\/\", \"c\":[ 1 , 2 ]}"));
  fail_unless (vm_json_get_span (&json, 0, "sdp", VM_JSON_STRING, &span, NULL));
  vm_json_append_span (out, "sdp", span);
  text = vm_span_to_string (span);
  fail_unless_equals_string (text, "v=0\r\n\xc3\xa4/");
  fail_unless_equals_int (vm_span_string_size (span), strlen (text));
  fail_unless (vm_span_string_exceeds (span, strlen (text) - 1));
  fail_if (vm_span_string_exceeds (span, strlen (text)));
  fail_if (vm_span_string_exceeds (span, strlen (text) + 1));
  fail_unless (vm_json_get_span (&json, 0, "c", VM_JSON_ARRAY, &span, NULL));
  vm_json_append_span (out, "c", span);
  fail_unless_equals_string (
      out->str, "{\"sdp\":\"v=0\\r\\n\\u00e4\\/\",\"c\":[ 1 , 2 ]");
  fail_if (vm_json_get_span (&json, 0, "c", VM_JSON_STRING, &span, NULL));
}

GST_END_TEST;

GST_START_TEST (test_strings_survive_a_round_trip)
{
  const gchar *texts[] = { "", "plain", "a\"b\\c/d", "\b\f\n\r\t\x01\x1f\x7f",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GString) out = g_string_new ("{");
    g_autofree gchar *back = NULL;

    vm_json_append_member (out, "s", texts[i]);
    g_string_append_c (out, '}');
    fail_unless (read_text (out->str));
    fail_unless (vm_json_get_string (&json, 0, "s", 999, &back, NULL));
    fail_unless_equals_string (back, texts[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_writer)
{
  const gchar *const none[] = { NULL };
  const gchar *const some[] = { "a", "\"b", NULL };
  g_autoptr (GString) out = g_string_new ("{");

  vm_json_append_int (out, "i", -1);
  vm_json_append_boolean (out, "b", TRUE);
  vm_json_append_member (out, "none", NULL);
  vm_json_append_strings (out, "none", NULL);
  vm_json_append_member (out, "s", "x");
  vm_json_append_strings (out, "e", none);
  vm_json_append_strings (out, "l", some);
  vm_json_append_null (out, "n");
  g_string_append_c (out, '}');
  fail_unless_equals_string (out->str,
      "{\"i\":-1,\"b\":true,\"s\":\"x\",\"e\":[],\"l\":[\"a\",\"\\\"b\"],"
      "\"n\":null}");
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  fail_unless (vm_text_is_name ("", 0));
  fail_unless (vm_text_is_name ("J\xc3\xb6rg", 5));
  fail_if (vm_text_is_name ("J\xc3\xb6rg", 4));
  fail_if (vm_text_is_name ("a\nb", 9));
  fail_if (vm_text_is_name ("a\x7f", 9));
  fail_if (vm_text_is_name ("\xc2\x85", 9)); /* U+0085, a C1 control */
  fail_if (vm_text_is_name ("\xff", 9));
}

GST_END_TEST;

GST_START_TEST (test_labels)
{
  static const gchar *const good[] = { "", "Ann", "J\xc3\xb6rg M", "A",
    "e\xcc\x81", "\xf0\x9f\x98\x80" };
  static const gchar *const bad[] = { " Ann", "Ann ",
    "\xc2\xa0"
    "Ann",
    "Ann\xe3\x80\x80", " ", "A\xe2\x80\x8dnn", "Ann\xef\xb8\x8f",
    "\xef\xbb\xbf"
    "Ann",
    "A\xc2\xadnn", "A\xe2\x80\xaenn", "\xe3\x85\xa4", "\xe2\xa0\x80",
    "A\xf3\xa0\x81\x81nn", "A\nnn" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    fail_unless (vm_text_is_label (good[i], 9), "good %u", i);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *made = vm_text_to_label (bad[i], 9);

    fail_if (vm_text_is_label (bad[i], 16), "bad %u", i);
    fail_unless (vm_text_is_label (made, 9), "made of %u: %s", i, made);
  }
  fail_unless (vm_text_is_label ("Ann", 3));
  fail_if (vm_text_is_label ("Ann", 2));
}

GST_END_TEST;

GST_START_TEST (test_labels_are_made)
{
  static const gchar *const cases[][2] = { { " Ann  B.\t", "Ann B." },
    { "A\xe2\x80\x8dnn\xef\xb8\x8f", "Ann" }, { "A\nB", "A B" },
    { "abcdefgh ij", "abcdefgh" }, { "abcdefghi", "abcdefghi" },
    { "abcdefghij", "abcdefghi" }, { "\xff", "\xef\xbf\xbd" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *made = vm_text_to_label (cases[i][0], 9);

    fail_unless_equals_string (made, cases[i][1]);
  }
}

GST_END_TEST;

GST_START_TEST (test_names_that_look_the_same)
{
  static const gchar *const same[] = { "ann o'hara", "ANN O'HARA",
    "Ann O'Hara ", " Ann\xc2\xa0O'Hara", "Ann  O'Hara",
    "A\xe2\x80\x8dnn O'Hara", "Ann O'Hara\xef\xb8\x8f", "\xef\xbc\xa1nn O'Hara",
    "\xf0\x9d\x90\x80nn O'Hara" };
  static const gchar *const others[] = { "", "Ann", "AnnO'Hara", "Ann O'Haro" };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    fail_unless (vm_text_looks_like ("Ann O'Hara", same[i]), "same %u", i);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    fail_if (vm_text_looks_like ("Ann O'Hara", others[i]), "other %u", i);
  /* of one letter and of two, and a sharp s */
  fail_unless (vm_text_looks_like ("J\xc3\xb6rg", "JO\xcc\x88RG"));
  fail_unless (vm_text_looks_like ("Wei\xc3\x9f", "WEISS"));
  fail_unless (vm_text_looks_like (NULL, NULL));
  fail_if (vm_text_looks_like (NULL, ""));
  fail_if (vm_text_looks_like ("Ann", NULL));
}

GST_END_TEST;

/* Names of ASCII are compared without their skeletons. */
GST_START_TEST (test_ascii_looks_like_its_skeleton)
{
  static const gchar letters[] = { 'a', 'A', 'b', ' ', '\t', '\x7f' };
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) skeletons = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (texts, g_strdup (""));
  for (guint i = 0; i < texts->len; i++) {
    const gchar *text = texts->pdata[i];

    for (guint c = 0; strlen (text) < 4 && c < G_N_ELEMENTS (letters); c++)
      g_ptr_array_add (texts, g_strdup_printf ("%s%c", text, letters[c]));
  }
  for (guint i = 0; i < texts->len; i++)
    g_ptr_array_add (skeletons, vm_text_skeleton (texts->pdata[i]));
  for (guint i = 0; i < texts->len; i++)
    for (guint j = i; j < texts->len; j++)
      fail_unless_equals_int (
          vm_text_looks_like (texts->pdata[i], texts->pdata[j]),
          strcmp (skeletons->pdata[i], skeletons->pdata[j]) == 0);
}

GST_END_TEST;

/* Cyrillic, Greek, Cherokee and mathematical letters in place of Latin ones. */
GST_START_TEST (test_names_in_letters_that_look_alike)
{
  static const gchar *const pairs[][2] = {
    { "Ann", "\xd0\x90nn" }, /* U+0410 */
    { "Anna", "Ann\xd0\xb0" }, /* U+0430 */
    { "anna", "ANN\xd0\x90" },
    { "Bob", "\xd0\x92\xd0\xbe\xd0\xac" }, /* U+0412 U+043E U+042C */
    { "Olga", "\xce\x9flga" }, /* U+039F */
    { "Alice", "\xd0\x90lic\xd0\xb5" },
    { "\xd0\x9e\xd0\xbb\xd1\x8f", "O\xd0\xbb\xd1\x8f" }, /* a Cyrillic name */
    { "Ian", "\xd3\x80\xd0\xb0n" }, /* U+04C0 */
    { "Dave", "\xe1\x8e\xa0"
              "ave" }, /* U+13A0 */
  };
  static const gchar *const others[][2] = {
    { "Ann", "\xd0\x90na" },
    { "Room 1", "Room l" },
    { "Camie", "Carnie" },
    { "J\xc3\xb6rg", "Jorg" },
    { "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0", "Anna" }, /* Anna in Cyrillic */
    { "\xe6\x9d\x8e", "\xe7\x8e\x8b" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    fail_unless_equals_int (
        vm_text_looks_like (pairs[i][0], pairs[i][1]), HAVE_ICU);
    fail_unless_equals_int (
        vm_text_looks_like (pairs[i][1], pairs[i][0]), HAVE_ICU);
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    fail_if (vm_text_looks_like (others[i][0], others[i][1]), "other %u", i);
}

GST_END_TEST;

static Suite *
json_suite (void)
{
  Suite *s = suite_create ("json");
  TCase *tc = tcase_create ("reader");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_valid);
  tcase_add_test (tc, test_invalid);
  tcase_add_test (tc, test_every_prefix_is_refused);
  tcase_add_test (tc, test_every_place_of_a_string);
  tcase_add_test (tc, test_depth);
  tcase_add_test (tc, test_members);
  tcase_add_test (tc, test_members_of_a_server);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_get);
  tcase_add_test (tc, test_walk);
  tcase_add_test (tc, test_spans_keep_their_bytes);
  tcase_add_test (tc, test_strings_survive_a_round_trip);
  tcase_add_test (tc, test_writer);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_labels);
  tcase_add_test (tc, test_labels_are_made);
  tcase_add_test (tc, test_names_that_look_the_same);
  tcase_add_test (tc, test_ascii_looks_like_its_skeleton);
  tcase_add_test (tc, test_names_in_letters_that_look_alike);
  return s;
}

CHECK_PROGRAM (json)
