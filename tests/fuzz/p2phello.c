/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/p2p/hello.h>

#include <string.h>

/* What is accepted is within its limits, and reads back as it was. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) text = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) denial = NULL;
  g_autoptr (VmP2pHello) hello = vm_p2p_hello_read (text, &error);
  gboolean accepted = vm_p2p_answer_read (text, &denial);

  g_assert_true (!hello == !!error);
  g_assert_true (!accepted == !!denial);
  g_assert_true (!denial || g_utf8_validate (denial->message, -1, NULL));
  if (hello) {
    g_autoptr (GBytes) again = vm_p2p_hello_write (hello);
    g_autoptr (VmP2pHello) other = vm_p2p_hello_read (again, NULL);

    g_assert_cmpuint (strlen (hello->session_id), <=, VM_P2P_SESSION_ID_MAX);
    g_assert_cmpuint (strlen (hello->session_token), <=, VM_P2P_TOKEN_MAX);
    g_assert_cmpuint (strlen (hello->from_device_id), <=, VM_P2P_DEVICE_ID_MAX);
    /* escapes may make it longer than a greeting */
    g_assert_true (other || g_bytes_get_size (again) > VM_P2P_HELLO_MAX);
    g_assert_true (
        !other || strcmp (other->session_token, hello->session_token) == 0);
  }
  if (denial && denial->domain == VM_ERROR) {
    g_autoptr (GBytes) said = vm_p2p_deny_write (denial);

    g_assert_false (vm_p2p_answer_read (said, NULL));
  }
}
