CREATE TABLE `configuration` (
  `key` varchar(100) NOT NULL,
  `value` text DEFAULT NULL,
  `description` text DEFAULT NULL,
  PRIMARY KEY (`key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `configuration` VALUES ('maintenance_duration','3600','Estimated maintenance duration in seconds');
INSERT INTO `configuration` VALUES ('maintenance_mode','true','Current maintenance mode status');
INSERT INTO `configuration` VALUES ('maintenance_mode_type','normal','Maintenance mode type: normal, emergency, test');
INSERT INTO `configuration` VALUES ('maintenance_reason','Umzug 🚚','Current maintenance reason');
INSERT INTO `configuration` VALUES ('maintenance_started_at','2026-11-22T14:04:08.823322+00:00','Maintenance start timestamp');
CREATE TABLE `guard_audit` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` double NOT NULL,
  `actor` varchar(100) NOT NULL,
  `action` varchar(50) NOT NULL,
  `epoch` bigint(20) NOT NULL,
  `outcome` varchar(50) NOT NULL,
  `detail` text NOT NULL,
  PRIMARY KEY (`seq`),
  KEY `ix_guard_audit_at` (`at`)
) ENGINE=InnoDB AUTO_INCREMENT=2 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_audit` VALUES (1,1795356248.8233218,'ops','enable',1,'done','{\"duration\": 3600, \"mode\": \"normal\", \"reason\": \"Umzug \\ud83d\\ude9a\", \"window_id\": \"w-older\"}');
CREATE TABLE `guard_schema_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_schema_version` VALUES ('0001');
CREATE TABLE `guard_state` (
  `id` int(11) NOT NULL,
  `epoch` bigint(20) NOT NULL,
  `phase` varchar(20) NOT NULL,
  `mode` varchar(20) DEFAULT NULL,
  `window_id` varchar(36) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `changed_by` varchar(100) NOT NULL,
  `started_at` double DEFAULT NULL,
  `duration` int(11) DEFAULT NULL,
  `changed_at` double NOT NULL,
  `store_id` varchar(36) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_state` VALUES (1,1,'closing','normal','w-older','Umzug 🚚','ops',1795356248.8233218,3600,1795356248.8233218,'f210ff85-4e7c-4f71-ae8a-128c1516ec0c');
CREATE TABLE `guard_windows` (
  `window_id` varchar(36) NOT NULL,
  `mode` varchar(20) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `opened_by` varchar(100) NOT NULL,
  `started_at` double NOT NULL,
  `duration` int(11) DEFAULT NULL,
  `ended_at` double DEFAULT NULL,
  `ended_by` varchar(100) NOT NULL,
  `account` text NOT NULL,
  PRIMARY KEY (`window_id`),
  KEY `ix_guard_windows_started_at` (`started_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_windows` VALUES ('w-older','normal','Umzug 🚚','ops',1795356248.8233218,3600,NULL,'','{}');
