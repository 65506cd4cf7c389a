/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A text from vm-net, for a thread that waits for it, and random numbers. */

#include "server/server-priv.h"

#include <openssl/rand.h>

typedef struct
{
  VmServerMake make;
  gpointer data;
  GDestroyNotify destroy;
  GMutex lock; /* of what follows */
  GCond cond;
  gboolean done;
  gchar *text;
  GError *error;
} Making;

static void
making_clear (gpointer data)
{
  Making *making = data;

  if (making->destroy)
    making->destroy (making->data);
  g_free (making->text);
  g_clear_error (&making->error);
  g_mutex_clear (&making->lock);
  g_cond_clear (&making->cond);
}

static void
making_unref (gpointer making)
{
  g_atomic_rc_box_release_full (making, making_clear);
}

static void
make_on_net (VmServer *self, gpointer data)
{
  Making *making = data;
  GError *error = NULL;
  gchar *text = making->make (self, making->data, &error);

  g_mutex_lock (&making->lock);
  making->done = TRUE;
  making->text = text;
  making->error = error;
  g_cond_signal (&making->cond);
  g_mutex_unlock (&making->lock);
}

gchar *
vm_server_make_text (VmServer *self, VmServerMake make, gpointer data,
    GDestroyNotify destroy, GError **error)
{
  gint64 end = g_get_monotonic_time () + VM_SERVER_CALL_TIME;
  Making *making = g_atomic_rc_box_new0 (Making);
  gboolean waits = TRUE;
  gchar *text;

  making->make = make;
  making->data = data;
  making->destroy = destroy;
  g_mutex_init (&making->lock);
  g_cond_init (&making->cond);
  vm_server_post (
      self, make_on_net, g_atomic_rc_box_acquire (making), making_unref);
  g_mutex_lock (&making->lock);
  while (!making->done && waits)
    waits = g_cond_wait_until (&making->cond, &making->lock, end);
  text = g_steal_pointer (&making->text);
  if (making->error)
    g_propagate_error (error, g_steal_pointer (&making->error));
  else if (!text)
    g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
        "The server did not make the link within 5 seconds");
  g_mutex_unlock (&making->lock);
  making_unref (making);
  return text;
}

void
vm_server_random (guint8 *bytes, gsize size, gpointer user_data)
{
  if (RAND_bytes (bytes, (int) size) != 1)
    g_error ("the system gives no random numbers");
}
