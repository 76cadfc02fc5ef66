BEGIN TRANSACTION;
CREATE TABLE configuration (
	"key" VARCHAR(100) NOT NULL, 
	value TEXT, 
	description TEXT, 
	PRIMARY KEY ("key")
);
INSERT INTO "configuration" VALUES('maintenance_mode','true','Current maintenance mode status');
INSERT INTO "configuration" VALUES('maintenance_reason','Umzug 🚚','Current maintenance reason');
INSERT INTO "configuration" VALUES('maintenance_duration','3600','Estimated maintenance duration in seconds');
INSERT INTO "configuration" VALUES('maintenance_started_at','2026-11-22T14:04:16.574352+00:00','Maintenance start timestamp');
INSERT INTO "configuration" VALUES('maintenance_mode_type','normal','Maintenance mode type: normal, emergency, test');
CREATE TABLE guard_audit (
	seq INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	actor VARCHAR(100) NOT NULL, 
	action VARCHAR(50) NOT NULL, 
	epoch INTEGER NOT NULL, 
	outcome VARCHAR(50) NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "guard_audit" VALUES(1,1.79535625657435178757e+09,'ops','enable',1,'done','{"duration": 3600, "mode": "normal", "reason": "Umzug \ud83d\ude9a", "window_id": "w-older"}');
CREATE TABLE guard_schema_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT guard_schema_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "guard_schema_version" VALUES('0002');
CREATE TABLE guard_state (
	id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	phase VARCHAR(20) NOT NULL, 
	mode VARCHAR(20), 
	window_id VARCHAR(36) NOT NULL, 
	reason VARCHAR(500) NOT NULL, 
	changed_by VARCHAR(100) NOT NULL, 
	started_at FLOAT, 
	duration INTEGER, 
	changed_at FLOAT NOT NULL, 
	store_id VARCHAR(36) NOT NULL, 
	terms TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "guard_state" VALUES(1,1,'closing','normal','w-older','Umzug 🚚','ops',1.79535625657435178757e+09,3600,1.79535625657435178757e+09,'397c82fe-bd1f-4bd1-a007-2f213abf3de6','{"at_deadline": "wait", "drain_within": null, "grace": null, "verify": false}');
CREATE TABLE guard_windows (
	window_id VARCHAR(36) NOT NULL, 
	mode VARCHAR(20) NOT NULL, 
	reason VARCHAR(500) NOT NULL, 
	opened_by VARCHAR(100) NOT NULL, 
	started_at FLOAT NOT NULL, 
	duration INTEGER, 
	ended_at FLOAT, 
	ended_by VARCHAR(100) NOT NULL, 
	account TEXT NOT NULL, 
	PRIMARY KEY (window_id)
);
INSERT INTO "guard_windows" VALUES('w-older','normal','Umzug 🚚','ops',1.79535625657435178757e+09,3600,NULL,'','{}');
CREATE INDEX ix_guard_windows_started_at ON guard_windows (started_at);
CREATE INDEX ix_guard_audit_at ON guard_audit (at);
COMMIT;
