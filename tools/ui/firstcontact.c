/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/firstcontact.h"
#include "ui/output.h"

gchar *
vmt_certificate_print (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  g_autofree gchar *sum = NULL;
  GString *out = g_string_new (NULL);

  g_object_get (certificate, "certificate", &der, NULL);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der->data, der->len);
  for (guint i = 0; i < VMT_PRINT_BYTES; i++)
    g_string_append_printf (out, "%s%c%c", i ? ":" : "",
        g_ascii_toupper (sum[2 * i]), g_ascii_toupper (sum[2 * i + 1]));
  return g_string_free (out, FALSE);
}

gchar *
vmt_link_by_name (const gchar *link, const gchar *name)
{
  g_autoptr (GUri) uri = g_uri_parse (link, G_URI_FLAGS_ENCODED, NULL);

  return uri ? g_uri_join (G_URI_FLAGS_ENCODED, g_uri_get_scheme (uri), NULL,
             name, g_uri_get_port (uri), g_uri_get_path (uri),
             g_uri_get_query (uri), NULL)
             : NULL;
}

gchar *
vmt_first_contact (const gchar *print, gint columns)
{
  GString *out = g_string_new (NULL);

  vmt_text_wrap (out,
      "A browser says “Your connection is not private” at first: nobody but "
      "this device vouches for its certificate. Tap “Advanced”, then "
      "“Proceed”. To be sure, look at the certificate there. Its SHA-256 "
      "fingerprint begins with",
      0, 0, columns, FALSE);
  g_string_append_printf (out, "\n  %s", print);
  return g_string_free (out, FALSE);
}
