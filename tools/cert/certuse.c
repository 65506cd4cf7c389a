/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cert/cert.h"
#include "cert/localca.h"

void
vmt_cert_use (VmtOptions *options, VmtOutput *output)
{
  g_autoptr (VmtLocalCa) ca = vmt_local_ca_new (NULL);
  g_auto (GStrv) names = vmt_local_names (g_get_host_name ());
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;

  if (options->tls_cert || options->insecure || options->loopback
      || options->no_local_cert || !vmt_local_ca_exists (ca))
    return;
  if (vmt_local_ca_ready (ca, (const gchar *const *) names, now, &error)) {
    options->tls_cert = g_strdup (ca->leaf);
    options->tls_key = g_strdup (ca->leaf_key);
    options->local_cert = TRUE;
  } else {
    g_autofree gchar *text =
        g_strdup_printf ("%s; run 'videomeet cert' again.", error->message);

    vmt_output_warning (output, NULL, text);
  }
}
