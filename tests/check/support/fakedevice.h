/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/wire/deviceinfo.h>

/* A device whose answers to GET /status the test chooses. It answers on a
 * thread of its own: libsoup's server waits, when it is closed, for the other
 * end of a handshake under way, which must not be the one that waits. */

typedef struct
{
  VmIdentity *identity;
  guint16 port;
  VmDeviceInfo *info; /* to be announced; what it answers, once told to */
} FakeDevice;

FakeDevice *fake_device_new (const gchar *user, gboolean secure);
/* Another process of the same user: the key of @other, a port of its own. */
FakeDevice *fake_device_new_twin (const gchar *user, FakeDevice *other);
/* Answers what info says now. */
void fake_device_say (FakeDevice *self);
/* How often it has been asked; "asked USER" is in the event log too. */
guint fake_device_asked (FakeDevice *self);
/* Nobody answers any more. The default main context runs meanwhile. */
void fake_device_stop (FakeDevice *self);
void fake_device_free (FakeDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeDevice, fake_device_free)
