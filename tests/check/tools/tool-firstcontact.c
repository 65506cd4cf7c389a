/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the launcher says of the warning that guests with a browser meet. */

#include "ui/firstcontact.h"

#include "program.h"

#include <string.h>

#define PRINT "0A:1B:2C:3D:4E:5F:60:71"

static void
fits (gint columns)
{
  g_autofree gchar *text = vmt_first_contact (PRINT, columns);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = g_strv_length (lines);

  for (guint i = 0; i < n; i++)
    fail_unless (g_utf8_strlen (lines[i], -1) <= columns, "%s", lines[i]);
  fail_unless_equals_string (lines[n - 1], "  " PRINT);
  /* nobody reads much there */
  fail_unless (n <= 6, "%u lines", n);
}

GST_START_TEST (test_columns)
{
  fits (80);
  fits (60);
}

GST_END_TEST;

GST_START_TEST (test_words)
{
  g_autofree gchar *text = vmt_first_contact (PRINT, G_MAXINT);

  fail_unless (strstr (text, "“Your connection is not private”"));
  fail_unless (strstr (text, "“Advanced”, then “Proceed”"));
}

GST_END_TEST;

GST_START_TEST (test_link_by_name)
{
  g_autofree gchar *v4 = vmt_link_by_name (
      "https://10.0.0.1:8080/?meeting=stand%20up%26a", "ann.local");
  g_autofree gchar *v6 = vmt_link_by_name (
      "https://[fe80::1%25eth0]:8443/?meeting=a", "ann.local");

  fail_unless_equals_string (
      v4, "https://ann.local:8080/?meeting=stand%20up%26a");
  fail_unless_equals_string (v6, "https://ann.local:8443/?meeting=a");
  fail_unless (vmt_link_by_name ("", "ann.local") == NULL);
}

GST_END_TEST;

/* As `openssl x509 -noout -fingerprint -sha256` begins. */
GST_START_TEST (test_print)
{
  static const gchar pem[] =
      "-----BEGIN CERTIFICATE-----\n"
      "MIIBbzCCARWgAwIBAgIUZU09gg9p9PTbXCF0epk8lU3aX2IwCgYIKoZIzj0EAwIw\n"
      "DDEKMAgGA1UEAwwBYTAgFw0yNjExMjkwODQ2MjNaGA8yMTI2MTEwNTA4NDYyM1ow\n"
      "DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLapdouG4iqc\n"
      "4FHgcLooo4kjSWx+jcQEFKwBjzPbMgNp0eqiTl7Nvb1afqHlShRzS4bpg0ghqUDk\n"
      "TJeV+eW53xWjUzBRMB0GA1UdDgQWBBRGtpEfEThb8r7AMXEZmmL0UDY2rjAfBgNV\n"
      "HSMEGDAWgBRGtpEfEThb8r7AMXEZmmL0UDY2rjAPBgNVHRMBAf8EBTADAQH/MAoG\n"
      "CCqGSM49BAMCA0gAMEUCIQCrpZ1m51auT8OW+vSKKgbETCLyDPszmVerfEvSko/U\n"
      "2QIgVZK1Fll//FjRgfz2JRQGB+xtBep4hMMqlFrhorsM4wA=\n"
      "-----END CERTIFICATE-----\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate =
      g_tls_certificate_new_from_pem (pem, -1, &error);
  g_autofree gchar *print = NULL;

  g_assert_no_error (error);
  print = vmt_certificate_print (certificate);
  fail_unless_equals_string (print, "9A:13:7C:2F:0E:68:52:DE");
}

GST_END_TEST;

static Suite *
tool_firstcontact_suite (void)
{
  Suite *s = suite_create ("tool-firstcontact");
  TCase *tc = tcase_create ("tool-firstcontact");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_columns);
  tcase_add_test (tc, test_words);
  tcase_add_test (tc, test_link_by_name);
  tcase_add_test (tc, test_print);
  return s;
}

CHECK_PROGRAM (tool_firstcontact)
