/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A root certificate of this device: whom it can vouch for, who reads its key,
 * and that nobody gets one unasked. */

#include "cert/localca.h"
#include "cert/stores.h"
#include "cmd/commands.h"

#include "program.h"

#include <glib/gstdio.h>
#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

#define DATE G_GINT64_CONSTANT (1800000000)
#define DAY G_GINT64_CONSTANT (86400)

static const gchar *const names[] = { "hermes.local", "hermes", "localhost",
  NULL };
static const gchar *const others[] = { "router.local", "localhost", NULL };

static gchar *folder;
static VmtLocalCa *ca;

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-cert-XXXXXX", NULL);
  ca = vmt_local_ca_new (folder);
}

static void
teardown (void)
{
  vmt_local_ca_remove (ca);
  g_rmdir (folder);
  vmt_local_ca_free (ca);
  g_clear_pointer (&folder, g_free);
}

static void
make (void)
{
  g_autoptr (GError) error = NULL;

  vmt_local_ca_make (ca, names, DATE, &error);
  g_assert_no_error (error);
}

static guint
mode_of (const gchar *file)
{
  GStatBuf st;

  fail_unless (g_stat (file, &st) == 0, "%s", file);
  return st.st_mode & 0777;
}

static gchar *
text_of (const gchar *file)
{
  gchar *text = NULL;

  fail_unless (g_file_get_contents (file, &text, NULL, NULL), "%s", file);
  return text;
}

static gnutls_x509_crt_t
read_crt (const gchar *file)
{
  g_autofree gchar *text = text_of (file);
  gnutls_datum_t data = { (guint8 *) text, strlen (text) };
  gnutls_x509_crt_t crt;

  gnutls_x509_crt_init (&crt);
  fail_unless (gnutls_x509_crt_import (crt, &data, GNUTLS_X509_FMT_PEM) == 0);
  return crt;
}

GST_START_TEST (test_names)
{
  static const struct
  {
    const gchar *host, *names;
  } cases[] = {
    { "Hermes", "hermes.local hermes localhost" },
    { "hermes.example.org", "hermes.local hermes.example.org localhost" },
    { "hermes.local", "hermes.local localhost" },
    { "localhost", "localhost" },
    { "localhost.localdomain", "localhost" },
    { "my_machine", "localhost" },
    { "-a", "localhost" },
    { "", "localhost" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (GStrv) found = vmt_local_names (cases[i].host);
    g_autofree gchar *all = g_strjoinv (" ", found);

    fail_unless_equals_string (all, cases[i].names);
  }
}

GST_END_TEST;

GST_START_TEST (test_modes)
{
  make ();
  fail_unless_equals_int (mode_of (ca->root_key), 0600);
  fail_unless_equals_int (mode_of (ca->leaf_key), 0600);
  fail_unless_equals_int (mode_of (ca->root), 0644);
  fail_unless_equals_int (mode_of (ca->leaf), 0644);
}

GST_END_TEST;

static gboolean
permits (gnutls_x509_name_constraints_t all,
    gnutls_x509_subject_alt_name_t kind, const void *name, gsize size)
{
  gnutls_datum_t data = { (guint8 *) name, size };

  return gnutls_x509_name_constraints_check (all, kind, &data);
}

/* Its own names, and no other, nor any address but this machine's own. */
GST_START_TEST (test_constraints)
{
  static const guint8 here[] = { 127, 0, 0, 1 }, there[] = { 10, 0, 0, 1 };
  gnutls_x509_name_constraints_t all;
  gnutls_x509_crt_t root;
  guint critical = 0, is_ca = 0;
  gint length = -1;

  make ();
  root = read_crt (ca->root);
  gnutls_x509_name_constraints_init (&all);
  fail_unless (
      gnutls_x509_crt_get_name_constraints (root, all, 0, &critical) == 0);
  fail_unless (critical);
  for (guint i = 0; names[i]; i++)
    fail_unless (permits (all, GNUTLS_SAN_DNSNAME, names[i], strlen (names[i])),
        "%s", names[i]);
  fail_if (permits (all, GNUTLS_SAN_DNSNAME, "example.org", 11));
  fail_if (permits (all, GNUTLS_SAN_DNSNAME, "other.local", 11));
  fail_unless (permits (all, GNUTLS_SAN_IPADDRESS, here, sizeof here));
  fail_if (permits (all, GNUTLS_SAN_IPADDRESS, there, sizeof there));
  fail_unless (
      gnutls_x509_crt_get_basic_constraints (root, &critical, &is_ca, &length)
      >= 0);
  fail_unless (critical && is_ca && length == 0);
  gnutls_x509_name_constraints_deinit (all);
  gnutls_x509_crt_deinit (root);
}

GST_END_TEST;

GST_START_TEST (test_leaf)
{
  gnutls_x509_crt_t leaf;

  make ();
  leaf = read_crt (ca->leaf);
  fail_unless (gnutls_x509_crt_check_hostname (leaf, names[0]));
  fail_if (gnutls_x509_crt_check_hostname (leaf, "other.local"));
  fail_unless_equals_int64 (gnutls_x509_crt_get_expiration_time (leaf)
                                - gnutls_x509_crt_get_activation_time (leaf),
      VMT_LEAF_DAYS * DAY);
  gnutls_x509_crt_deinit (leaf);
}

GST_END_TEST;

/* Whether the leaf is another one at @date. */
static gboolean
is_renewed (gint64 date)
{
  g_autofree gchar *before = text_of (ca->leaf);
  g_autofree gchar *after = NULL;
  g_autoptr (GError) error = NULL;

  vmt_local_ca_ready (ca, names, date, &error);
  g_assert_no_error (error);
  after = text_of (ca->leaf);
  return strcmp (before, after) != 0;
}

GST_START_TEST (test_renewal)
{
  gint64 end = DATE + (VMT_LEAF_DAYS - 1) * DAY;
  g_autofree gchar *root = NULL;
  g_autofree gchar *same = NULL;

  make ();
  root = text_of (ca->root);
  fail_if (is_renewed (DATE));
  fail_if (is_renewed (end - VMT_RENEW_DAYS * DAY - 1));
  fail_unless (is_renewed (end - VMT_RENEW_DAYS * DAY));
  fail_unless_equals_int (mode_of (ca->leaf_key), 0600);
  g_unlink (ca->leaf);
  {
    g_autoptr (GError) error = NULL;

    fail_unless (vmt_local_ca_ready (ca, names, DATE, &error));
  }
  same = text_of (ca->root);
  fail_unless_equals_string (root, same);
}

GST_END_TEST;

/* Another name, and the end of the root, need the user's consent anew. */
GST_START_TEST (test_no_renewal)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;

  fail_if (vmt_local_ca_ready (ca, names, DATE, &error));
  g_clear_error (&error);
  make ();
  before = text_of (ca->leaf);
  fail_if (vmt_local_ca_ready (ca, others, DATE, &error));
  fail_unless (strstr (error->message, "router.local"), "%s", error->message);
  after = text_of (ca->leaf);
  fail_unless_equals_string (before, after);
  g_clear_error (&error);
  fail_if (vmt_local_ca_ready (ca, names, DATE + VMT_ROOT_DAYS * DAY, &error));
  fail_unless (error != NULL);
}

GST_END_TEST;

GST_START_TEST (test_remove)
{
  make ();
  fail_unless (vmt_local_ca_exists (ca));
  vmt_local_ca_remove (ca);
  fail_if (vmt_local_ca_exists (ca));
  fail_if (g_file_test (ca->root_key, G_FILE_TEST_EXISTS));
  fail_if (g_file_test (ca->leaf_key, G_FILE_TEST_EXISTS));
  fail_if (g_file_test (ca->leaf, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

static guint
run_certutil (const gchar *home, const gchar *name)
{
  g_autofree gchar *place = g_strconcat ("sql:", home, "/.pki/nssdb", NULL);
  const gchar *const argv[] = { "certutil", "-L", "-d", place, "-n", name,
    NULL };
  gint status = -1;

  g_spawn_sync (NULL, (gchar **) argv, NULL,
      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
          | G_SPAWN_STDERR_TO_DEV_NULL,
      NULL, NULL, NULL, NULL, &status, NULL);
  return status;
}

static void
delete_tree (const gchar *path)
{
  const gchar *const argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
}

/* Into the database of Chromium, which need not be there, and out of it. */
GST_START_TEST (test_stores)
{
  g_autofree gchar *home = g_dir_make_tmp ("vm-home-XXXXXX", NULL);
  g_autoptr (VmtStores) stores = vmt_stores_new (home, FALSE);
  g_autoptr (GPtrArray) faults = NULL;
  g_autoptr (GPtrArray) places = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autofree gchar *name = NULL;

  make ();
  name = vmt_local_ca_get_name (ca);
  fail_unless_equals_string (name, "videomeet root of hermes");
  if (vmt_stores_have_program ()) {
    places = vmt_stores_add (stores, ca->root, name, &faults);
    fail_unless_equals_int (faults->len, 0);
    fail_unless_equals_int (places->len, 1);
    fail_unless_equals_int (run_certutil (home, name), 0);
    again = vmt_stores_remove (stores, name);
    fail_unless_equals_int (again->len, 1);
    fail_if (run_certutil (home, name) == 0);
  }
  delete_tree (home);
}

GST_END_TEST;

/* Nobody can be asked: nothing is made. */
GST_START_TEST (test_consent)
{
  const VmtOptions options = { .json = TRUE };
  g_autofree gchar *said = NULL;
  g_autoptr (VmtLocalCa) own = vmt_local_ca_new (NULL);
  gsize size = 0;
  FILE *out = tmpfile (), *err = open_memstream (&said, &size);
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, TRUE);

  fail_if (vmt_local_ca_exists (own));
  fail_unless_equals_int (vmt_cmd_cert (&options, output, 0), VMT_EXIT_FAILED);
  fclose (err);
  fail_unless (
      !vmt_stores_have_program () || strstr (said, "--yes"), "%s", said);
  fail_if (vmt_local_ca_exists (own));
  fail_if (g_file_test (own->root_key, G_FILE_TEST_EXISTS));
  fclose (out);
}

GST_END_TEST;

static Suite *
tool_cert_suite (void)
{
  Suite *s = suite_create ("tool-cert");
  TCase *tc = tcase_create ("tool-cert");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_modes);
  tcase_add_test (tc, test_constraints);
  tcase_add_test (tc, test_leaf);
  tcase_add_test (tc, test_renewal);
  tcase_add_test (tc, test_no_renewal);
  tcase_add_test (tc, test_remove);
  tcase_add_test (tc, test_stores);
  tcase_add_test (tc, test_consent);
  return s;
}

CHECK_PROGRAM (tool_cert)
