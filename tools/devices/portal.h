/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devices/portalanswer.h"

#include <gio/gio.h>

/* A screen or window that the desktop shares: org.freedesktop.portal.ScreenCast
 * on the session bus, which asks the person at it. Main thread, unless it says
 * otherwise. */

#define VMT_PORTAL_WAIT 30000 /* ms for an answer that nobody is asked for */
#define VMT_PORTAL_PERSON_WAIT (5 * 60 * 1000) /* ms for a person's */

typedef struct
{
  const gchar *token_file; /* where the choice is remembered; NULL: nowhere */
  guint wait, person_wait; /* ms; 0: as above */
  /* the person is being asked; or NULL */
  void (*asking) (gpointer user_data);
  gpointer user_data;
} VmtPortalConfig;

typedef struct _VmtPortal VmtPortal;

/* Asks, and blocks until there is an answer; only a signal that ends the
 * process comes in between. NULL with a sentence: nothing is shared. */
VmtPortal *vmt_portal_new (const VmtPortalConfig *config, GError **error);
/* Ends the session. Any thread. */
void vmt_portal_free (VmtPortal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtPortal, vmt_portal_free)

/* What is shared; its token is NULL. */
const VmtPortalStream *vmt_portal_get_stream (const VmtPortal *self);
/* The connection to PipeWire in which it is; the portal's own. */
gint vmt_portal_get_fd (const VmtPortal *self);
/* Calls @ended with @object, if that still is there, in the default main
 * context, when the desktop ends the session; once. FALSE with a sentence: it
 * has ended. */
gboolean vmt_portal_watch (VmtPortal *self, GObject *object,
    void (*ended) (GObject *object), GError **error);
