/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/server/http/approvalbody.h>
#include <gst/videomeet/server/http/approvalpage.h>

#include <string.h>

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, 7, size);
}

/* A body of POST /trust/page, and of those below it: who knows the secret opens
 * the page once, who knows the session is that page. Here both are the same
 * word, and the page's question is "request". */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_auto (VmApprovalBody) body = { NULL };
  g_autoptr (VmApprovalPage) page = vm_approval_page_new (on_random, NULL);
  g_autofree gchar *secret = vm_approval_page_make_secret (page, 0);
  g_autofree gchar *session = NULL;
  g_autofree gchar *again = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_approval_body_read (&body, (const gchar *) data, size, &error)) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return;
  }
  /* before anybody has opened it, no session is good */
  if (body.session)
    g_assert_false (vm_approval_page_check (page, body.session, NULL));
  if (body.secret)
    session = vm_approval_page_open (page, body.secret, "127.0.0.1", 1, NULL);
  g_assert_true (!session == (g_strcmp0 (body.secret, secret) != 0));
  if (!session)
    return;
  again = vm_approval_page_open (page, secret, "127.0.0.1", 1, NULL);
  g_assert_null (again);
  if (body.session)
    g_assert_true (vm_approval_page_check (page, body.session, NULL)
                   == (strcmp (body.session, session) == 0));
  vm_approval_page_ask (page, "request", "ID", "Bob", "123456");
  if (body.request_id)
    g_assert_true (vm_approval_page_answer (page, body.request_id, NULL)
                   == (strcmp (body.request_id, "request") == 0));
}
