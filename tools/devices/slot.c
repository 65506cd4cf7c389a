/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/slot.h"
#include "cmd/opening.h"

#include <gio/gio.h>

typedef struct
{
  VmtKind kind;

  GMutex lock; /* protects what follows */
  GCond cond; /* signalled with ready, why and closed */
  GstElement *part; /* that is used; the bin's */
  gchar *name; /* of its device; NULL: it stands in */
  GstDevice *device; /* or NULL */
  gboolean lost; /* it has failed already */
  GstElement *coming; /* that is brought in, or NULL */
  gboolean ready; /* it works */
  gchar *why; /* it does not */
  gboolean asked; /* for @next */
  gboolean after_loss; /* which is of no use once another device is there */
  VmtMediaDevice *next; /* NULL: what stands in */
  gboolean busy; /* there is a thread */
  gboolean closed;
} VmtSlotPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (VmtSlot, vmt_slot, GST_TYPE_BIN)

#define PRIV(self) ((VmtSlotPrivate *) vmt_slot_get_instance_private (self))

static void
tell (VmtSlot *self, const gchar *event, const gchar *name, const gchar *text)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vmt-slot", "kind", G_TYPE_INT,
              (gint) PRIV (self)->kind, "event", G_TYPE_STRING, event, "name",
              G_TYPE_STRING, name, "message", G_TYPE_STRING, text, NULL)));
}

/* An error of a part is the slot's alone; it comes on any thread. */
static void
vmt_slot_handle_message (GstBin *bin, GstMessage *message)
{
  VmtSlot *self = VMT_SLOT (bin);
  GstObject *at = GST_MESSAGE_SRC (message);
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR) {
    GST_BIN_CLASS (vmt_slot_parent_class)->handle_message (bin, message);
    return;
  }
  while (at && GST_OBJECT_PARENT (at) != GST_OBJECT (self))
    at = GST_OBJECT_PARENT (at);
  gst_message_parse_error (message, &error, NULL);
  GST_WARNING_OBJECT (self, "%s", error->message);
  if (at)
    vmt_slot_flag_failed (self, GST_ELEMENT (at), error->message);
  gst_message_unref (message);
}

static void
vmt_slot_finalize (GObject *object)
{
  VmtSlotPrivate *priv = PRIV (VMT_SLOT (object));

  g_free (priv->name);
  gst_clear_object (&priv->device);
  g_free (priv->why);
  g_clear_pointer (&priv->next, vmt_media_device_free);
  g_mutex_clear (&priv->lock);
  g_cond_clear (&priv->cond);
  G_OBJECT_CLASS (vmt_slot_parent_class)->finalize (object);
}

static void
vmt_slot_class_init (VmtSlotClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vmt_slot_finalize;
  GST_BIN_CLASS (klass)->handle_message = vmt_slot_handle_message;
}

static void
vmt_slot_init (VmtSlot *self)
{
  g_mutex_init (&PRIV (self)->lock);
  g_cond_init (&PRIV (self)->cond);
}

void
vmt_slot_set_kind (VmtSlot *self, VmtKind kind)
{
  PRIV (self)->kind = kind;
}

gchar *
vmt_slot_get_name (VmtSlot *self)
{
  VmtSlotPrivate *priv = PRIV (self);
  gchar *name;

  g_mutex_lock (&priv->lock);
  name = g_strdup (priv->lost ? NULL : priv->name);
  g_mutex_unlock (&priv->lock);
  return name;
}

gboolean
vmt_slot_begin_with (VmtSlot *self, GstElement *part, const gchar *name)
{
  VmtSlotPrivate *priv = PRIV (self);

  if (!VMT_SLOT_GET_CLASS (self)->bring_in (self, part))
    return FALSE;
  g_mutex_lock (&priv->lock);
  priv->part = part;
  priv->name = g_strdup (name);
  g_mutex_unlock (&priv->lock);
  VMT_SLOT_GET_CLASS (self)->switch_to (self, part);
  return TRUE;
}

/* The device is opened and closed again; @error: a sentence. */
static gboolean
try_device (VmtSlot *self, const VmtMediaDevice *device, GError **error)
{
  VmtSlotClass *klass = VMT_SLOT_GET_CLASS (self);
  g_autoptr (GstElement) trial = klass->make_trial (self, device, error);

  if (!trial)
    return FALSE;
  gst_object_ref_sink (trial);
  switch (vmt_open (trial, klass->trial_state, VMT_OPEN_WAIT)) {
    case VMT_OPEN_OK:
      return TRUE;
    case VMT_OPEN_FAILED:
      g_set_error (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_OPEN_READ_WRITE,
          "The device “%s” cannot be opened.", device->name);
      break;
    case VMT_OPEN_LATE:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
          "The device “%s” does not answer.", device->name);
      break;
  }
  return FALSE;
}

gboolean
vmt_slot_begin (VmtSlot *self, const VmtMediaDevice *device, GError **error)
{
  VmtSlotClass *klass = VMT_SLOT_GET_CLASS (self);
  GstElement *part;

  if (device && !try_device (self, device, error))
    return FALSE;
  part = klass->make (self, device, error);
  if (!part)
    return FALSE;
  if (vmt_slot_begin_with (self, part, device ? device->name : NULL)) {
    gst_object_replace ((GstObject **) &PRIV (self)->device,
        device ? GST_OBJECT (device->device) : NULL);
    return TRUE;
  }
  g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
      "The device “%s” offers no format that can be used.", device->name);
  return FALSE;
}

/* What comes in */

void
vmt_slot_flag_ready (VmtSlot *self, GstElement *part)
{
  VmtSlotPrivate *priv = PRIV (self);

  g_mutex_lock (&priv->lock);
  if (part == priv->coming) {
    priv->ready = TRUE;
    g_cond_signal (&priv->cond);
  }
  g_mutex_unlock (&priv->lock);
}

/* Waits until what comes works, which then is what is used. Returns: what was
 * before; NULL: it does not, for the reason @why (transfer full) */
static GstElement *
take_in (VmtSlot *self, const VmtMediaDevice *device, gchar **why)
{
  VmtSlotPrivate *priv = PRIV (self);
  gint64 deadline = g_get_monotonic_time () + VMT_SLOT_WAIT * 1000;
  GstElement *old = NULL;

  g_mutex_lock (&priv->lock);
  while (!priv->ready && !priv->why && !priv->closed)
    if (!g_cond_wait_until (&priv->cond, &priv->lock, deadline))
      break;
  if (priv->ready && !priv->why) {
    old = priv->part;
    priv->part = priv->coming;
    priv->lost = FALSE;
    g_free (priv->name);
    priv->name = device ? g_strdup (device->name) : NULL;
    gst_object_replace ((GstObject **) &priv->device,
        device ? GST_OBJECT (device->device) : NULL);
  } else
    *why = g_strdup (priv->why ? priv->why : "Nothing comes from it.");
  priv->coming = NULL;
  g_mutex_unlock (&priv->lock);
  return old;
}

typedef struct
{
  VmtSlot *slot;
  GstElement *part;
} Leaving;

/* A driver may take its time, or for ever: nobody waits for it. */
static gpointer
let_go_thread (gpointer data)
{
  Leaving *leaving = data;

  VMT_SLOT_GET_CLASS (leaving->slot)->let_go (leaving->slot, leaving->part);
  gst_object_unref (leaving->part);
  gst_object_unref (leaving->slot);
  g_free (leaving);
  return NULL;
}

static void
let_go (VmtSlot *self, GstElement *part)
{
  Leaving *leaving = g_new (Leaving, 1);

  leaving->slot = gst_object_ref (self);
  leaving->part = gst_object_ref (part);
  g_thread_unref (g_thread_new ("vmt-let-go", let_go_thread, leaving));
}

/* Returns: (transfer full): NULL, or why it cannot be used */
static gchar *
exchange (VmtSlot *self, const VmtMediaDevice *device)
{
  VmtSlotClass *klass = VMT_SLOT_GET_CLASS (self);
  VmtSlotPrivate *priv = PRIV (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) part = NULL;
  GstElement *old;
  gchar *why = NULL;

  if (device && !try_device (self, device, &error))
    return g_strdup (error->message);
  part = klass->make (self, device, &error);
  if (!part)
    return g_strdup (error->message);
  gst_object_ref_sink (part);
  g_mutex_lock (&priv->lock);
  priv->coming = part;
  priv->ready = FALSE;
  g_clear_pointer (&priv->why, g_free);
  g_mutex_unlock (&priv->lock);
  if (!klass->bring_in (self, part))
    vmt_slot_flag_failed (self, part, "It offers no format that can be used.");
  old = take_in (self, device, &why);
  if (old)
    klass->switch_to (self, part);
  let_go (self, old ? old : part);
  return why;
}

/* Returns: whether there is something to do */
static gboolean
take_next (VmtSlot *self, VmtMediaDevice **next)
{
  VmtSlotPrivate *priv = PRIV (self);
  gboolean asked;

  g_mutex_lock (&priv->lock);
  asked = priv->asked && !priv->closed && (!priv->after_loss || priv->lost);
  *next = g_steal_pointer (&priv->next);
  priv->asked = FALSE;
  priv->busy = asked;
  g_mutex_unlock (&priv->lock);
  return asked;
}

static gpointer
slot_thread (gpointer user_data)
{
  VmtSlot *self = user_data;
  VmtMediaDevice *next;

  while (take_next (self, &next)) {
    g_autofree gchar *why = exchange (self, next);

    tell (self, why ? "failed" : "used", next ? next->name : NULL, why);
    g_clear_pointer (&next, vmt_media_device_free);
  }
  g_clear_pointer (&next, vmt_media_device_free);
  gst_object_unref (self);
  return NULL;
}

/* called with lock held */
static void
ask (VmtSlot *self, const VmtMediaDevice *device, gboolean after_loss)
{
  VmtSlotPrivate *priv = PRIV (self);

  if (priv->closed)
    return;
  g_clear_pointer (&priv->next, vmt_media_device_free);
  priv->next = device ? vmt_media_device_copy (device) : NULL;
  priv->asked = TRUE;
  priv->after_loss = after_loss;
  if (priv->busy)
    return;
  priv->busy = TRUE;
  g_thread_unref (
      g_thread_new ("vmt-slot", slot_thread, gst_object_ref (self)));
}

void
vmt_slot_use (VmtSlot *self, const VmtMediaDevice *device)
{
  VmtSlotPrivate *priv = PRIV (self);

  g_mutex_lock (&priv->lock);
  ask (self, device, FALSE);
  g_mutex_unlock (&priv->lock);
}

/* What fails */

/* An element that fails says so more than once. What was asked for meanwhile
 * comes in place of what stands in. */
static void
lose (VmtSlot *self, GstElement *part, GstDevice *device, const gchar *why)
{
  VmtSlotPrivate *priv = PRIV (self);
  g_autofree gchar *name = NULL;

  g_mutex_lock (&priv->lock);
  if (priv->name && !priv->lost && !priv->closed
      && ((part && part == priv->part) || (device && device == priv->device))) {
    priv->lost = TRUE;
    name = g_strdup (priv->name);
    if (!priv->asked)
      ask (self, NULL, TRUE);
  }
  g_mutex_unlock (&priv->lock);
  if (name)
    tell (self, "lost", name, why);
}

void
vmt_slot_lose (VmtSlot *self, GstDevice *device, const gchar *why)
{
  lose (self, NULL, device, why);
}

void
vmt_slot_flag_failed (VmtSlot *self, GstElement *part, const gchar *why)
{
  VmtSlotPrivate *priv = PRIV (self);

  g_mutex_lock (&priv->lock);
  if (part == priv->coming && !priv->why) {
    priv->why = g_strdup (why);
    g_cond_signal (&priv->cond);
  }
  g_mutex_unlock (&priv->lock);
  lose (self, part, NULL, why);
}

void
vmt_slot_close (VmtSlot *self)
{
  VmtSlotPrivate *priv = PRIV (self);

  g_mutex_lock (&priv->lock);
  priv->closed = TRUE;
  g_cond_signal (&priv->cond);
  g_mutex_unlock (&priv->lock);
}
