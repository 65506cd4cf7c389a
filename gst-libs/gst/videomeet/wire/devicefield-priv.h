/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/deviceinfo.h"
#include "base/json/json.h"

/* Shared by the three formats of a VmDeviceInfo: the checks that every field
 * from outside passes. */

#define VM_TXT_STRING_MAX 255 /* bytes of a TXT string; RFC 6763 §6.1 */
#define VM_CAPABILITY_MAX 32 /* bytes of one capability, version or state */

gboolean vm_device_field_bad (GError **error, const gchar *what);
gboolean vm_device_field_take_text (gchar **to, const gchar *key,
    const gchar *value, gsize max, GError **error);
gboolean vm_device_field_add_capability (
    GStrvBuilder *list, guint *n, const gchar *value);
/* One TXT key, or the same key of a datagram; unknown ones are ignored. */
gboolean vm_device_field_take (
    VmDeviceInfo *info, const gchar *key, const gchar *value, GError **error);
/* The check across fields: the id is the hash of the key. */
gboolean vm_device_field_check (VmDeviceInfo *info, GError **error);

/* A member of a JSON object, and the TXT key of the same field. */
typedef struct
{
  const gchar *member;
  const gchar *key;
} VmDeviceMember;

/* Reads those of @members that @object has. */
gboolean vm_device_field_take_members (VmDeviceInfo *info, const VmJson *json,
    VmJsonNode object, const VmDeviceMember *members, guint n_members,
    GError **error);
/* The text of a string, number or boolean member, the latter two as they are
 * written; NULL when it is absent or anything else. FALSE: it has U+0000. */
gboolean vm_device_field_get_text (const VmJson *json, VmJsonNode object,
    const gchar *member, gchar **text, GError **error);
