/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random numbers as libnice asks for them, from the program itself. */

#include "ui/memory.h"

#include "program.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define MORE_THAN_AT_ONCE 1000000 /* bytes; the kernel answers 256 whole */

static _Thread_local gint failure; /* an error number; 0: none */

/* In place of the C library's, for this program and its libraries: it fails
 * when it is told to. Nothing else makes it, as glibc 2.41 need not ask the
 * kernel. */
__attribute__ ((visibility ("default"))) ssize_t
getrandom (void *data, size_t size, unsigned int flags)
{
  ssize_t (*next) (void *, size_t, unsigned int) = (ssize_t (*) (
      void *, size_t, unsigned int)) dlsym (RTLD_NEXT, "getrandom");

  if (!failure)
    return next (data, size, flags);
  errno = failure;
  if (errno == EINTR)
    failure = 0;
  return -1;
}

static gboolean
is_zero (const guint8 *data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (data[i])
      return FALSE;
  return TRUE;
}

/* @size random bytes, and none behind them. */
static guint8 *
draw (gsize size)
{
  guint8 *data = g_malloc0 (size + 16);

  fail_unless_equals_int (gnutls_rnd (0, data, size), 0);
  fail_unless (is_zero (data + size, 16));
  return data;
}

GST_START_TEST (test_fills_exactly)
{
  static const gsize sizes[] = { 16, 255, 256, 257, MORE_THAN_AT_ONCE };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree guint8 *one = draw (sizes[i]);
    g_autofree guint8 *two = draw (sizes[i]);

    fail_if (memcmp (one, two, sizes[i]) == 0);
    /* to the end: sixteen zeros come by chance once in 2^128 times */
    fail_if (is_zero (one + sizes[i] - 16, 16));
  }
  g_free (draw (0));
}

GST_END_TEST;

GST_START_TEST (test_says_what_failed)
{
  guint8 data[16];

  failure = ENOSYS;
  fail_unless_equals_int (
      gnutls_rnd (0, data, sizeof data), VMT_E_RANDOM_FAILED);
  failure = 0;
}

GST_END_TEST;

/* By a signal; it asks once more. */
GST_START_TEST (test_interrupted)
{
  failure = EINTR;
  g_free (draw (16));
  fail_unless_equals_int (failure, 0);
}

GST_END_TEST;

/* What is loaded later, GnuTLS among it, is asked after the program. */
GST_START_TEST (test_comes_before_the_library)
{
  GModule *gnutls = g_module_open ("libgnutls.so.30", G_MODULE_BIND_LAZY);
  GModule *program = g_module_open (NULL, G_MODULE_BIND_LAZY);
  gpointer theirs, ours;

  fail_unless (gnutls != NULL);
  fail_unless (g_module_symbol (gnutls, "gnutls_rnd", &theirs));
  fail_unless (g_module_symbol (program, "gnutls_rnd", &ours));
  fail_unless (ours == (gpointer) gnutls_rnd);
  fail_if (theirs == ours);
  g_module_close (program);
  g_module_close (gnutls);
}

GST_END_TEST;

static Suite *
memory_suite (void)
{
  Suite *s = suite_create ("memory");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_fills_exactly);
  tcase_add_test (tc, test_says_what_failed);
  tcase_add_test (tc, test_interrupted);
  tcase_add_test (tc, test_comes_before_the_library);
  return s;
}

CHECK_PROGRAM (memory)
